// Every command: its words, and how to load it. The words are the path of its file below commands/ (a test compares).
import type { CommandClass } from 'clipanion';

export interface CommandEntry {
  readonly load: () => Promise<CommandClass>;
  /** Other words that lead to it. */
  readonly alias?: string;
}

/* prettier-ignore */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  'up':            { load: async () => (await import('../commands/up.ts')).UpCommand },
  'down':          { load: async () => (await import('../commands/down.ts')).DownCommand },
  'status':        { load: async () => (await import('../commands/status.ts')).StatusCommand },
  'doctor':        { load: async () => (await import('../commands/doctor.ts')).DoctorCommand },
  'discover':      { load: async () => (await import('../commands/discover.ts')).DiscoverCommand },
  'agents list':   { load: async () => (await import('../commands/agents/list.ts')).AgentsListCommand, alias: 'agents' },
  'agents get':    { load: async () => (await import('../commands/agents/get.ts')).AgentsGetCommand },
  'agents add':    { load: async () => (await import('../commands/agents/add.ts')).AgentsAddCommand },
  'agents trust':  { load: async () => (await import('../commands/agents/trust.ts')).AgentsTrustCommand },
  'agents alias':  { load: async () => (await import('../commands/agents/alias.ts')).AgentsAliasCommand },
  'agents remove': { load: async () => (await import('../commands/agents/remove.ts')).AgentsRemoveCommand },
  'nanoclaw install':   { load: async () => (await import('../commands/nanoclaw/install.ts')).NanoclawInstallCommand },
  'nanoclaw uninstall': { load: async () => (await import('../commands/nanoclaw/uninstall.ts')).NanoclawUninstallCommand },
  'nanoclaw status':    { load: async () => (await import('../commands/nanoclaw/status.ts')).NanoclawStatusCommand },
  'openclaw install':   { load: async () => (await import('../commands/openclaw/install.ts')).OpenclawInstallCommand },
  'openclaw uninstall': { load: async () => (await import('../commands/openclaw/uninstall.ts')).OpenclawUninstallCommand },
  'openclaw status':    { load: async () => (await import('../commands/openclaw/status.ts')).OpenclawStatusCommand },
  'run':           { load: async () => (await import('../commands/run.ts')).RunCommand },
  'cancel':        { load: async () => (await import('../commands/cancel.ts')).CancelCommand },
  'trace':         { load: async () => (await import('../commands/trace.ts')).TraceCommand },
  'events list':   { load: async () => (await import('../commands/events/list.ts')).EventsListCommand, alias: 'events' },
  'events append': { load: async () => (await import('../commands/events/append.ts')).EventsAppendCommand },
  'team list':     { load: async () => (await import('../commands/team/list.ts')).TeamListCommand },
  'team check':    { load: async () => (await import('../commands/team/check.ts')).TeamCheckCommand },
  'team run':      { load: async () => (await import('../commands/team/run.ts')).TeamRunCommand },
  'runs list':     { load: async () => (await import('../commands/runs/list.ts')).RunsListCommand, alias: 'runs' },
  'runs get':      { load: async () => (await import('../commands/runs/get.ts')).RunsGetCommand },
  'runs watch':    { load: async () => (await import('../commands/runs/watch.ts')).RunsWatchCommand },
  'runs pause':    { load: async () => (await import('../commands/runs/pause.ts')).RunsPauseCommand },
  'runs resume':   { load: async () => (await import('../commands/runs/resume.ts')).RunsResumeCommand },
  'runs cancel':   { load: async () => (await import('../commands/runs/cancel.ts')).RunsCancelCommand },
  'approvals list':    { load: async () => (await import('../commands/approvals/list.ts')).ApprovalsListCommand, alias: 'approvals' },
  'approvals show':    { load: async () => (await import('../commands/approvals/show.ts')).ApprovalsShowCommand },
  'approvals approve': { load: async () => (await import('../commands/approvals/approve.ts')).ApprovalsApproveCommand },
  'approvals reject':  { load: async () => (await import('../commands/approvals/reject.ts')).ApprovalsRejectCommand },
  'verify':        { load: async () => (await import('../commands/verify.ts')).VerifyCommand },
  'audit':         { load: async () => (await import('../commands/audit.ts')).AuditCommand },
  'worker':        { load: async () => (await import('../commands/worker.ts')).WorkerCommand },
  'mcp':           { load: async () => (await import('../commands/mcp.ts')).McpCommand },
  'demo':          { load: async () => (await import('../commands/demo.ts')).DemoCommand },
  'completion':    { load: async () => (await import('../commands/completion.ts')).CompletionCommand },
  'version':       { load: async () => (await import('../commands/version.ts')).VersionCommand },
};

/** What a group of commands is about, for help. */
export const GROUPS: Readonly<Record<string, string>> = {
  agents: 'Agents on the mesh',
  nanoclaw: 'NanoClaw on this machine',
  openclaw: 'OpenClaw on this machine',
  events: 'The event log',
  team: 'Teams: several agents, step by step',
  runs: 'Team runs and calls',
  approvals: 'What agents ask people',
};

const byWords = new Map(
  Object.entries(COMMANDS).flatMap(([words, entry]) => [
    [words, words] as const,
    ...(entry.alias === undefined ? [] : [[entry.alias, words] as const]),
  ]),
);

/** The command that the first words of a command line name: the longest that fits; null when none does. */
export const commandOf = (
  typed: readonly string[],
): { readonly name: string; readonly words: number } | null => {
  for (let words = Math.min(2, typed.length); words > 0; words -= 1) {
    const name = byWords.get(typed.slice(0, words).join(' '));
    if (name !== undefined) return { name, words };
  }
  return null;
};
