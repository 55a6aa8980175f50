// What must be true after everything: nothing acknowledged is lost, file = table, effects happen once, each run has ended
// and is the same when replayed. Each violation is one line; none is the proof.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { FILES } from '#machines/nouns/data-folder';
import type { EventV1 } from '#machines/nouns/event';
import { TERMINAL_TEAM_RUN_STATUSES } from '#machines/nouns/run';
import { refuses } from './flaky-agent.ts';
import type { Load, Started } from './load.ts';
import type { MeshUnderFire } from './mesh-under-fire.ts';
import type { OutsideLedger } from './outside-ledger.ts';
import { earlyBackoffs, replay } from './replay.ts';

export interface Figures {
  readonly events: number;
  readonly posted: number;
  readonly streamed: number;
  readonly teamRuns: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly steered: number;
  readonly effects: number;
  readonly replayed: number;
}

export interface Proof {
  readonly figures: Figures;
  readonly violations: readonly string[];
}

/** The first few of many, so that a broken build does not print a million lines. */
const few = (title: string, all: readonly string[]): string[] =>
  all.length === 0 ? [] : [`${title}: ${all.length} (${all.slice(0, 5).join('; ')})`];

/** I1, and the stream: every acknowledged event stands in table and file exactly as it was answered, once. */
const checkEvents = (ledger: OutsideLedger, got: readonly EventV1[], lines: readonly string[]): string[] => {
  const bySeq = new Map(got.map((event) => [event.seq, JSON.stringify(event)]));
  const byId = new Map(got.map((event) => [event.id, JSON.stringify(event)]));
  return [
    ...few(
      'seqs are not gapless',
      got.flatMap(({ seq }, index) => (seq === index + 1 ? [] : [String(seq)])),
    ),
    ...few('ids that stand twice', byId.size === got.length ? [] : [String(got.length - byId.size)]),
    ...few(
      'acknowledged events that GET does not answer as they were',
      [...ledger.posted].flatMap(([id, json]) => (byId.get(id) === json ? [] : [id])),
    ),
    ...few(
      'streamed events that GET does not answer as they were',
      [...ledger.streamed].flatMap(([seq, json]) => (bySeq.get(seq) === json ? [] : [String(seq)])),
    ),
    ...few(
      'events that the stream did not show',
      got.flatMap(({ seq }) => (ledger.streamed.has(seq) ? [] : [String(seq)])),
    ),
    ...few(
      'lines of events.jsonl that differ from the table',
      Array.from({ length: Math.max(got.length, lines.length) }, (_, index) => index).flatMap((index) =>
        lines[index] === bySeq.get(index + 1) ? [] : [String(index + 1)],
      ),
    ),
  ];
};

/** How often a step on the flaky agent must have run, when nobody interfered. */
const expectedAttempts = (teamRunId: string, step: string): number =>
  refuses(`${teamRunId}/${step}/1`) ? 2 : 1;

const checkRun = ({ kind, tag, teamRunId, did, end }: Started): string[] => {
  const name = `${tag} (${kind}, ${teamRunId})`;
  const wanted = did.has('cancel')
    ? ['cancelled']
    : did.has('cancel asked')
      ? ['cancelled', 'completed']
      : ['completed'];
  const wrongEnd = wanted.includes(end.status)
    ? []
    : [`${name} is ${end.status}: ${JSON.stringify(end.failure)}`];
  if (did.has('cancel asked') || did.has('pause now')) return wrongEnd;
  return [
    ...wrongEnd,
    ...end.steps.flatMap(({ id, agent, attempts }) => {
      // A program dies with the daemon, so it may run again; an agent that lived on is found again.
      if (agent === 'noter') return [];
      const expected = kind === 'quick' ? expectedAttempts(teamRunId, id) : 1;
      const twice = attempts.filter(({ may_have_run_twice }) => may_have_run_twice).length;
      return attempts.length === expected && twice === 0
        ? []
        : [`${name}: step ${id} ran ${attempts.length} times instead of ${expected}`];
    }),
  ];
};

/** I5: no key twice, and none missing of those whose attempt completed. */
const checkEffects = async (
  mesh: MeshUnderFire,
  load: Load,
): Promise<{ count: number; violations: string[] }> => {
  const effects = await mesh.effects();
  const attempts = load.ended.flatMap(({ end }) => end.steps.flatMap((step) => step.attempts));
  const known = new Set(attempts.map(({ key }) => key));
  const done = new Set(effects.map(({ agent, key }) => `${agent} ${key}`));
  return {
    count: effects.length,
    violations: [
      ...few(
        'effects that happened more than once',
        effects.flatMap(({ agent, key, effect, times }) =>
          times === 1 ? [] : [`${agent} ${effect} ${key} ${times}`],
        ),
      ),
      ...few(
        'effects of a key that no run has',
        effects.flatMap(({ key }) => (known.has(key) ? [] : [key])),
      ),
      ...few(
        'completed attempts without their effect',
        attempts.flatMap(({ state, agent, key }) =>
          state === 'completed' && !done.has(`${agent} ${key}`) ? [`${agent} ${key}`] : [],
        ),
      ),
    ],
  };
};

/** Each change by a caller has its audit row, and each audit row its change: nothing half of a transaction is kept. */
const AUDITED: Readonly<Record<string, (event: EventV1) => boolean>> = {
  'event.append': ({ metadata }) => metadata['source'] === 'client',
  'team_run.start': ({ payload }) => payload['event'] === 'created',
  'team_run.pause': ({ payload }) => payload['event'] === 'pause',
  'team_run.resume': ({ payload }) => payload['event'] === 'resume',
  'team_run.cancel': ({ payload }) => payload['event'] === 'cancel',
};

const checkAudit = (db: SqliteDatabase.Database, events: readonly EventV1[]): string[] => {
  const rows = db.prepare('SELECT operation FROM audit').all() as { readonly operation: string }[];
  return Object.entries(AUDITED).flatMap(([operation, isIts]) => {
    const audited = rows.filter((row) => row.operation === operation).length;
    const happened = events.filter(isIts).length;
    // An event posted again after an answer that was lost is one event and two requests.
    const fits = operation === 'event.append' ? audited >= happened : audited === happened;
    return fits ? [] : [`${operation}: ${audited} audit rows, ${happened} events`];
  });
};

/** I7 in the database itself, with the daemon down: ended, nothing left to do, and equal to its replay. */
const checkDatabase = (
  mesh: MeshUnderFire,
  events: readonly EventV1[],
): { count: number; violations: string[] } => {
  const db = new SqliteDatabase(join(mesh.dataDir, FILES.database), { readonly: true });
  try {
    const runs = db.prepare('SELECT id, status, snapshot FROM team_runs').all() as {
      readonly id: string;
      readonly status: string;
      readonly snapshot: string;
    }[];
    const left = (table: string): string[] => {
      const { n } = db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { readonly n: number };
      return n === 0 ? [] : [`${n} rows are left in ${table}`];
    };
    const ended: readonly string[] = TERMINAL_TEAM_RUN_STATUSES;
    const byRun = Map.groupBy(events, ({ team_run_id }) => team_run_id);
    return {
      count: runs.length,
      violations: [
        ...runs.flatMap(({ id, status }) => (ended.includes(status) ? [] : [`${id} is ${status}`])),
        ...few(
          'team runs that differ from their replay',
          runs.flatMap(({ id, snapshot }) => (replay(byRun.get(id) ?? []) === snapshot ? [] : [id])),
        ),
        ...few(
          'backoffs that were not waited for',
          runs.flatMap(({ id }) => earlyBackoffs(byRun.get(id) ?? []).early.map((line) => `${id}: ${line}`)),
        ),
        ...checkAudit(db, events),
        ...left('timers'),
        ...left("jobs WHERE queue = 'invocations'"),
        ...left('invocations WHERE ended_at IS NULL'),
      ],
    };
  } finally {
    db.close();
  }
};

/** Looks at everything, ends the daemon, and looks at what it left. The daemon must be up, the load finished. */
export const prove = async (
  mesh: MeshUnderFire,
  ledger: OutsideLedger,
  load: Load,
  env: NodeJS.ProcessEnv = {},
): Promise<Proof> => {
  await ledger.stopPosting();
  // The noise of the mesh itself (presence, discovery) may still be going on: everything up to here is looked at.
  const verified = await mesh.ask('verify');
  const runs = await mesh.ask('team-runs.list', { query: { limit: 500 } });
  const effects = await checkEffects(mesh, load);
  await mesh.stop();
  mesh.start(env);
  await mesh.ready();
  const again = await mesh.ask('verify');
  const { head_seq: head } = await mesh.ask('healthz');
  await ledger.caughtUp(head);
  const got: EventV1[] = [];
  for await (const event of mesh.client.events({})) if (event.seq <= head) got.push(event);
  await ledger.close();
  await mesh.stop();
  const file = readFileSync(join(mesh.dataDir, FILES.events), 'utf8');
  const database = checkDatabase(mesh, got);
  const tags = new Set(load.acknowledged.map(({ tag }) => tag));
  const ids = new Set(load.acknowledged.map(({ teamRunId }) => teamRunId));
  const left = mesh.processesLeft();
  return {
    figures: {
      events: got.length,
      posted: ledger.posted.size,
      streamed: ledger.streamed.size,
      teamRuns: load.ended.length,
      completed: load.ended.filter(({ end }) => end.status === 'completed').length,
      cancelled: load.ended.filter(({ end }) => end.status === 'cancelled').length,
      steered: load.ended.filter(({ did }) => did.size > 0).length,
      effects: effects.count,
      replayed: database.count,
    },
    violations: [
      ...ledger.faults,
      ...load.faults,
      ...(verified.ok ? [] : [`verify says ${JSON.stringify(verified)}`]),
      ...(again.ok && again.healed.appended_to_file === 0
        ? []
        : [`after a stop verify says ${JSON.stringify(again)}`]),
      ...checkEvents(ledger, got, file.split('\n').slice(0, got.length)),
      ...load.ended.flatMap(checkRun),
      ...effects.violations,
      ...database.violations,
      ...(tags.size === ids.size && runs.length === Math.min(ids.size, 500) && database.count === ids.size
        ? []
        : [`${tags.size} keys were acknowledged as ${ids.size} runs, the database has ${database.count}`]),
      ...(left.length === 0 ? [] : [`${left.length} processes are left`]),
    ],
  };
};
