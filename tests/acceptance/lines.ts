// The plan's acceptance lines, milestone by milestone, each with what shows it. A line without a proof is not yet shown.
import { isFast, isOnPush, type Proof } from './proof.ts';

export const MILESTONES = ['m0', 'm1', 'm2', 'm3', 'm4'] as const;
export type Milestone = (typeof MILESTONES)[number];

/** When this table was last gone through. */
export const AS_OF = '2026-11-22';

export interface Line {
  readonly milestone: Milestone;
  /** In the words of the plan. */
  readonly text: string;
  /** How it is shown, or what is missing. */
  readonly how: string;
  readonly proofs: readonly Proof[];
}

const shown = (milestone: Milestone, text: string, how: string, ...proofs: readonly Proof[]): Line => ({
  milestone,
  text,
  how,
  proofs,
});
const missing = (milestone: Milestone, text: string, how: string): Line => ({
  milestone,
  text,
  how,
  proofs: [],
});
const tests = (file: string, ...names: readonly string[]): Proof => ({ kind: 'tests', file, names });

export const TITLES: Readonly<Record<Milestone, string>> = {
  m0: 'base',
  m1: 'CLI',
  m2: 'console',
  m3: 'teams',
  m4: 'other devices',
};

export const LINES: readonly Line[] = [
  shown(
    'm0',
    'daemon with start, stop, status',
    'real processes, in the background and in the foreground; no file, process or lock is left behind',
    tests('tests/reliability/processes/lifecycle.test.ts'),
  ),
  shown(
    'm0',
    'HTTP API, over the Unix socket too',
    'every route of the table on both doors; the commands of docs/api.md against a real daemon',
    tests('api/app.test.ts'),
    tests('tests/docs/api.test.ts'),
  ),
  shown(
    'm0',
    'EventV1 with schema_version',
    'the record as specified; another version is refused, never guessed',
    tests('engine/events/event-v1-doc.test.ts'),
    tests('engine/events/accept.test.ts'),
  ),
  shown(
    'm0',
    'append-only JSONL, SQLite index',
    'the file equals the table at every moment, also after kill -9 inside the write; healed both ways at boot',
    tests('engine/events/mirror.test.ts'),
    tests('engine/events/reconcile.test.ts'),
  ),
  shown(
    'm0',
    'synthetic events written = read back (100 %)',
    '1,000 generated events: POST = table = GET = events.jsonl = SSE, byte for byte',
    tests('tests/e2e/events.test.ts', '1,000 generated events: POST = table = GET = events.jsonl = SSE'),
  ),
  shown(
    'm0',
    'legacy records read; legacy JSONL converted on reading',
    'a real daemon on a folder of the earlier tools: read as recorded cases say, file and old events.db untouched',
    tests('tests/acceptance/legacy-folder.test.ts'),
  ),
  shown(
    'm0',
    'smallest CI on push, green on push',
    'the workflow runs on push and calls every section of npm test. That it is green is judged on the forge, by the last run of the workflow named ci; it cannot be seen from a checkout',
    { kind: 'check', label: '.github/workflows/ci.yml runs on push', holds: isOnPush },
    tests('tests/ground/workflows.test.ts'),
  ),

  shown(
    'm1',
    'openclaw install, nanoclaw install',
    'plan, install, again, uninstall, against a played gateway and host; every command that is sent was shown before',
    tests('engine/agents/openclaw/install.test.ts'),
    tests('engine/agents/nanoclaw/install.test.ts'),
  ),
  shown(
    'm1',
    'discover',
    'agents are found, probed, lost and back; a sweep ends when all have answered',
    tests('engine/discovery/discovery.test.ts'),
  ),
  shown(
    'm1',
    'run --from openclaw --to nanoclaw "1+1"',
    'the real daemon and command line, a played gateway and host: it prints 2, both are in the trace',
    tests('tests/e2e/claws.test.ts'),
  ),
  shown(
    'm1',
    'trace by task or run id; the trace of a task is complete',
    'every event of the scope, equal to the lines of events.jsonl byte for byte',
    tests('tests/e2e/cli.test.ts', 'a call, and its trace equal to the lines of events.jsonl byte for byte'),
    tests('api/app.test.ts', 'traces by the id of a team run, a run or a task, and by nothing else'),
  ),
  shown(
    'm1',
    'adapters: invoke()',
    'one contract suite, passed by every adapter against a counterpart in processes of its own',
    ...['a2a', 'acp', 'claude', 'codex', 'command', 'nanoclaw', 'openclaw'].map((kind) =>
      tests(`engine/agents/${kind}/${kind}.test.ts`),
    ),
  ),
  shown(
    'm1',
    'adapters: install(), discover() of agents on this machine',
    'OpenClaw and NanoClaw are installed and taken back; programs of this machine are found and listed',
    tests('engine/agents/openclaw/install.test.ts'),
    tests('engine/agents/nanoclaw/install.test.ts'),
    tests('engine/discovery/programs.test.ts'),
  ),
  shown(
    'm1',
    'unified error and exit codes',
    'one catalogue; docs/errors.md is tested against it both ways',
    tests('tests/docs/errors.test.ts'),
  ),
  shown(
    'm1',
    'e2e smoke tests',
    'the first minutes of a user at the command line, and a team that repairs real faults',
    tests('tests/e2e/cli.test.ts'),
    tests('tests/e2e/code-fix.test.ts'),
  ),
  shown(
    'm1',
    'a first-time user installs, discovers, invokes and reads the trace within 10 minutes, success >= 90 %',
    'npm run accept:first-use: newcomers on different machines; the list below has the results',
    {
      kind: 'command',
      label: 'node tests/acceptance/first-use/main.ts',
      argv: ['tests/acceptance/first-use/main.ts'],
      holds: (stdout) => stdout.includes(': accepted'),
    },
  ),
  shown(
    'm1',
    'core commands < 2 s on average without inference',
    'npm run bench:cli, ten times each: every mean under 2,000 ms',
    {
      kind: 'command',
      label: 'node tests/bench/cli.ts --times 10',
      argv: ['tests/bench/cli.ts', '--times', '10'],
      holds: isFast,
    },
  ),

  missing(
    'm2',
    'topology: agents on line, skills, latency, source mDNS / static / WAN',
    'a list of agents with presence, skills, latency and source (mDNS, tailnet, file, by hand); no topology',
  ),
  shown(
    'm2',
    'timeline by run; SSE',
    'a real browser: the stream carries a run to an open page, no reload, no double; cut and mended, nothing is missing',
    tests('tests/e2e/console.test.ts'),
  ),
  missing(
    'm2',
    'timeline by task, and with all kinds',
    'no test shows in a browser a timeline by task, nor one with every kind of event',
  ),
  missing(
    'm2',
    'filters by agent, state, time window',
    'runs can be filtered by kind and state; not by time window',
  ),
  shown(
    'm2',
    'console and CLI trace agree 100 %',
    'in a real browser, event for event; both use the one reducer of api/contract/view.ts',
    tests(
      'tests/e2e/console.test.ts',
      'the console shows exactly the events of the CLI’s trace, the watched one and a fresh one alike',
    ),
  ),
  missing('m2', '100 active tasks without visible stutter', 'nothing measures it'),
  missing('m2', "one task's timeline within 1 s", 'nothing measures it'),

  shown(
    'm3',
    'team.yaml or team.json: roles and steps; retry policy; time limits',
    'the checker, and team runs over a real database',
    tests('engine/templates/check.test.ts'),
    tests('engine/runs/runs.test.ts'),
  ),
  missing(
    'm3',
    'routing, end conditions, human gate, step budgets',
    'in the schema; refused with not_supported_yet',
  ),
  shown(
    'm3',
    'state table',
    'each row a test, and every path',
    tests('machines/team-run/state-table.test.ts'),
    tests('machines/team-run/paths.test.ts'),
  ),
  shown(
    'm3',
    'SQLite persistence',
    'runs replay from the log to identical snapshots; rows derived from the log equal those of the engine',
    tests('tests/e2e/replay.test.ts'),
    tests('engine/runs/replay.test.ts'),
  ),
  shown(
    'm3',
    'pause, resume',
    'results that come while paused are kept; nothing runs twice',
    tests('engine/runs/runs.test.ts', 'keep the result that came while paused; nothing runs twice'),
  ),
  missing('m3', 'approve', 'refused with not_supported_yet'),
  shown(
    'm3',
    'templates pipeline and code-fix',
    'run to the end on the sample agents',
    tests('tests/e2e/replay.test.ts'),
    tests('tests/e2e/code-fix.test.ts'),
  ),
  missing('m3', 'template incident-triage', 'does not exist'),
  missing(
    'm3',
    'three templates >= 80 % completion counted per step',
    'two templates exist; nothing counts a rate',
  ),
  shown(
    'm3',
    "a failed task's root cause found down to step and event",
    'step, attempt, cause and the next thing to do',
    tests(
      'tests/e2e/code-fix.test.ts',
      'a fault that cannot be repaired fails with step, attempt, cause and the next thing to do; the tree is untouched',
    ),
  ),
  shown(
    'm3',
    'execution resumes after interruption',
    'kill -9 at random moments with eight team runs in flight',
    tests('tests/reliability/random-kills.test.ts'),
  ),

  missing('m4', 'tailnet access (Tailscale, Headscale)', 'the daemon listens on loopback only'),
  missing(
    'm4',
    'phones and other remote devices bound by device identity; short-lived credentials',
    'does not exist',
  ),
  missing(
    'm4',
    'audit of high-risk operations; high-risk operations audited 100 %',
    'every mutation writes an audit row in its transaction; there is no chain, no signature and no high-risk operation yet',
  ),
  missing('m4', 'freeze; read-only within 10 s of it', 'does not exist'),
  missing('m4', 'rollback tracks', 'does not exist'),
  missing('m4', 'a remote device starts a team and sees it complete, reliably', 'does not exist'),
];

/** The lines of a milestone and of all before it. */
export const linesUpTo = (milestone: Milestone): readonly Line[] =>
  LINES.filter((line) => MILESTONES.indexOf(line.milestone) <= MILESTONES.indexOf(milestone));
