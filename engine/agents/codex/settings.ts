// The settings of a Codex entry, each an option of `codex exec --help` (0.169.0). Other options can stand in the command.
import type { AgentEntry } from '#machines/nouns/agent';
import { failure, type Failure } from '#machines/nouns/error';

/** What the model’s commands may do: read everything, write in the working folder, or anything at all. */
const SANDBOXES = ['read-only', 'workspace-write', 'danger-full-access'];

const OPTIONS: Readonly<Record<string, string>> = {
  model: '--model',
  profile: '--profile',
  add_dir: '--add-dir',
};

const wrong = (message: string): Failure => ({ ...failure('invalid_input', message) });

/**
 * The options of the settings: `sandbox` (read-only unless it says more), `model`, `profile`, `add_dir`, `ephemeral`, and
 * `config.<key>` for any value of config.toml. `agent` only tells entries with one command apart. A failure names what is
 * not known.
 */
export const optionsOf = ({
  sandbox = 'read-only',
  ...settings
}: Readonly<NonNullable<AgentEntry['settings']>> = {}): string[] | Failure => {
  if (!SANDBOXES.includes(String(sandbox)))
    return wrong(`Codex has no sandbox ${String(sandbox)}; known are ${SANDBOXES.join(', ')}`);
  const options = [`--sandbox=${String(sandbox)}`];
  for (const [name, value] of Object.entries(settings)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option !== undefined) options.push(`${option}=${String(value)}`);
    else if (name === 'ephemeral') {
      if (value === true) options.push('--ephemeral');
    } else if (name.startsWith('config.')) {
      // A JSON string, number or truth value is the same in TOML.
      options.push(`--config=${name.slice('config.'.length)}=${JSON.stringify(value)}`);
    } else if (name !== 'agent')
      return wrong(
        `Codex has no setting ${name} here; known are sandbox, ${Object.keys(OPTIONS).join(', ')}, ephemeral, config.<key>`,
      );
  }
  return options;
};
