// How known programs are started as ACP agents, each with the source that says so.
import type { AgentEntry } from '#machines/nouns/agent';
import { findOnPath } from '../../processes/program.ts';
import type { Found } from '../adapter.ts';

interface Launch {
  /** What follows the program’s name. */
  readonly args: readonly string[];
  readonly title: string;
  /** Who says so: seen here, or the agent’s manifest in the ACP registry, or the table of acpx. */
  readonly source: 'ran' | 'registry' | 'acpx';
  /** Another adapter speaks to this program better: started when asked for, never found by itself. */
  readonly isSecondChoice?: true;
}

/**
 * By the name of the program. Sources, read 2026-11-22: agentclientprotocol/registry (agent.json of each), the table of
 * openclaw/acpx (src/agent-registry.ts); `ran`: OpenCode 1.18.33 and OpenClaw 2026.9.6 themselves.
 */
export const LAUNCHES: Readonly<Record<string, Launch>> = {
  opencode: { args: ['acp'], title: 'OpenCode', source: 'ran' },
  openclaw: { args: ['acp'], title: 'OpenClaw’s ACP bridge', source: 'ran', isSecondChoice: true },
  gemini: { args: ['--acp'], title: 'Gemini CLI', source: 'registry' },
  'claude-agent-acp': { args: [], title: 'Claude through its ACP adapter', source: 'registry' },
  'codex-acp': { args: [], title: 'Codex through its ACP adapter', source: 'registry' },
  qwen: { args: ['--acp'], title: 'Qwen Code', source: 'registry' },
  kimi: { args: ['acp'], title: 'Kimi CLI', source: 'registry' },
  goose: { args: ['acp'], title: 'goose', source: 'registry' },
  copilot: { args: ['--acp'], title: 'GitHub Copilot', source: 'registry' },
  'cursor-agent': { args: ['acp'], title: 'Cursor', source: 'registry' },
  auggie: { args: ['--acp'], title: 'Auggie CLI', source: 'registry' },
  cline: { args: ['--acp'], title: 'Cline', source: 'registry' },
  'vibe-acp': { args: [], title: 'Mistral Vibe', source: 'registry' },
  iflow: { args: ['--experimental-acp'], title: 'iFlow CLI', source: 'acpx' },
  'kiro-cli': { args: ['acp'], title: 'Kiro CLI', source: 'acpx' },
};

const launchOf = (program: string): Launch | undefined => {
  const name = program.replace(/^.*\//, '');
  return Object.hasOwn(LAUNCHES, name) ? LAUNCHES[name] : undefined;
};

/**
 * The argv of an entry. The name of a known program alone (`opencode`, or a path to it) stands for its whole launch
 * command; anything else is run as it is written.
 */
export const argvOf = ({ command = [] }: Pick<AgentEntry, 'command'>): string[] => {
  const [program, ...more] = command;
  if (program === undefined || more.length > 0) return [...command];
  return [program, ...(launchOf(program)?.args ?? [])];
};

/** Known programs that are on the PATH. */
export async function* findPrograms(signal: AbortSignal): AsyncGenerator<Found> {
  for (const [name, { title, isSecondChoice }] of Object.entries(LAUNCHES)) {
    if (isSecondChoice === true || signal.aborted) continue;
    yield* findOnPath('acp', name, title);
  }
}
