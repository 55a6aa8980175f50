// The settings of a Claude Code entry, each a flag of `claude --help` (2.1.197). Other flags can stand in the command.
import type { AgentEntry } from '#machines/nouns/agent';
import { failure, type Failure } from '#machines/nouns/error';

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

/** The flags of the settings; a failure names one that is not known. */
export const flagsOf = (settings: AgentEntry['settings'] = {}): string[] | Failure => {
  const flags: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
    if (flag === undefined)
      return {
        ...failure(
          'invalid_input',
          `Claude Code has no setting ${name} here; known are ${Object.keys(FLAGS).join(', ')}`,
        ),
      };
    // One word each, so that a value which begins with a dash is no flag.
    flags.push(`${flag}=${String(value)}`);
  }
  return flags;
};
