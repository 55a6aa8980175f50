// The settings of a Codex entry, each an option of `codex exec --help` (0.169.0). Other options can stand in the command.
import type { AgentEntry } from '#machines/nouns/agent';
import {
  choiceSetting,
  settingsSchema,
  switchSetting,
  textSetting,
  type SettingsSchema,
} from '#machines/nouns/agent-settings';

/** What the model’s commands may do: read everything, write in the working folder, or anything at all. */
const SANDBOXES = ['read-only', 'workspace-write', 'danger-full-access'] as const;

const OPTIONS: Readonly<Record<string, string>> = {
  model: '--model',
  profile: '--profile',
  add_dir: '--add-dir',
};

export const SETTINGS: SettingsSchema = settingsSchema(
  {
    sandbox: choiceSetting(SANDBOXES),
    ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, textSetting])),
    ephemeral: switchSetting,
  },
  { pattern: /^config\../, words: 'config.<key>' },
);

/**
 * The options of settings that are those of the schema: `sandbox` (read-only unless it says more), `model`, `profile`,
 * `add_dir`, `ephemeral`, and `config.<key>` for any value of config.toml. `agent` only tells entries with one command apart.
 */
export const optionsOf = ({
  sandbox = 'read-only',
  ...settings
}: Readonly<NonNullable<AgentEntry['settings']>> = {}): string[] => {
  const options = [`--sandbox=${String(sandbox)}`];
  for (const [name, value] of Object.entries(settings)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option !== undefined) options.push(`${option}=${String(value)}`);
    else if (name === 'ephemeral' && value === true) options.push('--ephemeral');
    else if (name.startsWith('config.'))
      // A JSON string, number or truth value is the same in TOML.
      options.push(`--config=${name.slice('config.'.length)}=${JSON.stringify(value)}`);
  }
  return options;
};
