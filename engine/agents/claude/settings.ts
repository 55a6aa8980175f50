// The settings of a Claude Code entry, each a flag of `claude --help` (2.1.197). Other flags can stand in the command.
import type { AgentEntry } from '#machines/nouns/agent';
import {
  amountSetting,
  countSetting,
  settingsSchema,
  textSetting,
  type SettingsSchema,
} from '#machines/nouns/agent-settings';

/** `agent` is one of Claude Code’s own agents (`--agent`), and so tells two entries with one command apart. */
const FLAGS: Readonly<Record<string, string>> = {
  agent: '--agent',
  model: '--model',
  fallback_model: '--fallback-model',
  effort: '--effort',
  permission_mode: '--permission-mode',
  allowed_tools: '--allowed-tools',
  disallowed_tools: '--disallowed-tools',
  append_system_prompt: '--append-system-prompt',
  system_prompt: '--system-prompt',
  max_turns: '--max-turns',
  max_budget_usd: '--max-budget-usd',
  mcp_config: '--mcp-config',
  setting_sources: '--setting-sources',
};

/** Those that count or cost something; the others are texts. */
const NUMBERS = { max_turns: countSetting, max_budget_usd: amountSetting };

export const SETTINGS: SettingsSchema = settingsSchema({
  ...Object.fromEntries(Object.keys(FLAGS).map((name) => [name, textSetting])),
  ...NUMBERS,
});

/** The flags of settings that are those of the schema. */
export const flagsOf = (settings: AgentEntry['settings'] = {}): string[] =>
  Object.entries(settings).flatMap(([name, value]) => {
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
    // One word each, so that a value which begins with a dash is no flag.
    return flag === undefined ? [] : [`${flag}=${String(value)}`];
  });
