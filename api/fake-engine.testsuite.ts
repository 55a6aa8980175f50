// An engine over arrays, for tests of the api alone: a log that keeps its promises, and answers that fit the contract.
import { randomUUID } from 'node:crypto';
import type { Caller, Engine, EventRow } from '#engine/index';
import type { Agent } from '#machines/nouns/agent';
import type { Approval } from '#machines/nouns/approval';
import { MeshError } from '#machines/nouns/error';
import { eventLine, EventSchema, type EventFilter, type EventV1 } from '#machines/nouns/event';
import type { InstallPlanView } from '#machines/nouns/install';
import type { Invocation, TeamRun } from '#machines/nouns/run';

const AT = '2026-01-02T03:04:05.678Z';

export const sampleAgent: Agent = {
  name: 'calc',
  aliases: [],
  kind: 'a2a',
  endpoint: 'http://127.0.0.1:9/',
  description: 'adds',
  version: '1.0.0',
  protocol: '1.0',
  skills: [{ id: 'add', name: 'Add', description: '', tags: [] }],
  presence: 'reachable',
  latency_ms: 1.5,
  first_seen: AT,
  last_seen: AT,
  problem: null,
  has_credential: false,
  trust: 'trusted',
  trust_changes: [],
  identity: null,
  card_signature: 'unsigned',
  provenance: [{ source: 'url', detail: 'http://127.0.0.1:9', first_seen: AT, last_seen: AT }],
  card: null,
};

const installPlan: InstallPlanView = {
  kind: 'x',
  dir: '/opt/x',
  found: ['x 1.0'],
  steps: [{ change: 'registers its agent' }],
  obstacles: [],
  plan_sha256: 'ab',
  installation: null,
};

const invocation = (runId: string): Invocation => ({
  run_id: runId,
  team_run_id: null,
  step: null,
  attempt: null,
  key: runId,
  agent: 'calc',
  from: null,
  state: 'queued',
  task_id: null,
  error: null,
  may_have_run_twice: false,
  cancel_confirmed: null,
  created_at: AT,
  started_at: null,
  ended_at: null,
  deadline: AT,
  pending_approvals: [],
});

const teamRun = (teamRunId: string): TeamRun => ({
  team_run_id: teamRunId,
  team: 'pipeline',
  status: 'running',
  step: 'draft',
  template: { name: 'pipeline', hash: 'ab', compiler_version: 1, origin: 'built-in', commit: null },
  inputs: {},
  asked_by: null,
  created_at: AT,
  updated_at: AT,
  ended_at: null,
  steps_done: 0,
  steps_total: 1,
  pending_approvals: [],
  steps: [
    {
      id: 'draft',
      role: 'writer',
      agent: 'calc',
      state: 'running',
      attempts: [],
      retries_left: 0,
      output: null,
    },
  ],
  failure: null,
  enabled: ['pause', 'cancel'],
  cancel_confirmed: null,
});

const approval = (id: string): Approval => ({
  approval_id: id,
  run_id: 'run-1',
  team_run_id: null,
  step: null,
  agent: 'calc',
  kind: 'permission',
  title: 'run a command',
  tool: 'exec',
  operation: { command: 'true' },
  operation_hash: 'ab'.repeat(32),
  state: 'pending',
  requested_at: AT,
  expires_at: AT,
  decided_at: null,
  decided_by: null,
  answer: null,
  reason: null,
  signed: false,
});

const fits = (filter: EventFilter, event: EventV1): boolean =>
  (filter.run_id ?? event.run_id) === event.run_id &&
  (filter.task_id === undefined || filter.task_id === event.task_id) &&
  (filter.team_run_id === undefined || filter.team_run_id === event.team_run_id) &&
  (filter.kind ?? event.kind) === event.kind &&
  (filter.agent === undefined || filter.agent === event.metadata['agent']) &&
  (filter.status === undefined || (event.kind === 'status' && filter.status === event.payload['state'])) &&
  (filter.since === undefined || event.ts >= new Date(filter.since).toISOString()) &&
  (filter.until === undefined || event.ts < new Date(filter.until).toISOString());

export interface Call {
  readonly operation: string;
  readonly caller: Caller;
  readonly ask: unknown;
}

/** What a test does with a fake engine besides what the api does. */
export interface FakeEngine extends Engine {
  readonly rows: EventRow[];
  readonly calls: Call[];
  /** Commits events as one batch and publishes it at once, or when the returned function is called. */
  commit(drafts: readonly Partial<EventV1>[], when?: 'now' | 'later'): () => void;
  /** Rows that page() has handed out: a stream that keeps up does not read the table again. */
  readonly pagedRows: () => number;
  /** Makes the log another one, empty. */
  replaceLog(): void;
  /** Makes page() throw, as a closed database does. */
  breakTable(): void;
}

export const createFakeEngine = (): FakeEngine => {
  const rows: EventRow[] = [];
  const calls: Call[] = [];
  const subscribers = new Set<(batch: readonly EventRow[]) => void>();
  let logId: string = randomUUID();
  let broken = false;
  let paged = 0;
  const record = (operation: string, caller: Caller, ask: unknown = null): void => {
    calls.push({ operation, caller, ask });
  };
  const known = (id: string, code: 'unknown_run' | 'unknown_approval' = 'unknown_run'): string => {
    if (id.startsWith('unknown')) throw new MeshError(code, undefined, { id });
    return id;
  };

  const commit: FakeEngine['commit'] = (drafts, when = 'now') => {
    const batch = drafts.map((draft, index): EventRow => {
      const event: EventV1 = {
        schema_version: '1',
        ts: AT,
        run_id: 'run-1',
        kind: 'message',
        task_id: null,
        step: null,
        payload: { role: 'agent', text: 'hello' },
        metadata: { source: 'engine' },
        team_run_id: null,
        id: randomUUID(),
        ...draft,
        seq: rows.length + index + 1,
      };
      return { seq: event.seq, line: eventLine(event), event };
    });
    rows.push(...batch);
    const publish = (): void => {
      for (const subscriber of subscribers) subscriber(batch);
    };
    if (when === 'now') publish();
    return publish;
  };

  return {
    rows,
    calls,
    commit,
    pagedRows: () => paged,
    replaceLog: () => {
      rows.length = 0;
      logId = randomUUID();
    },
    breakTable: () => {
      broken = true;
    },
    events: {
      append: async (caller, ask) => {
        record('event.append', caller, ask);
        const shape = EventSchema.partial().safeParse(ask);
        if (!shape.success || shape.data.run_id === undefined) throw new MeshError('invalid_event');
        await Promise.resolve();
        const { run_id, kind, payload } = shape.data;
        commit([
          { run_id, ...(kind === undefined ? {} : { kind }), ...(payload === undefined ? {} : { payload }) },
        ]);
        const last = rows.at(-1);
        if (last === undefined) throw new Error('nothing was appended');
        return last.event;
      },
      page: (filter, afterSeq, limit) => {
        if (broken) throw new Error('the database connection is not open');
        const found = rows.filter((row) => row.seq > afterSeq && fits(filter, row.event));
        const page = found.slice(0, limit);
        paged += page.length;
        return {
          lines: page.map(({ line }) => line),
          nextSeq: page.at(-1)?.seq ?? afterSeq,
          more: found.length > limit,
        };
      },
      subscribe: (onBatch) => {
        subscribers.add(onBatch);
        return { close: () => void subscribers.delete(onBatch) };
      },
      scopeOf: (id) =>
        (['team_run_id', 'run_id', 'task_id'] as const).find((key) =>
          rows.some(({ event }) => event[key] === id),
        ) ?? null,
      head: () => rows.length,
      get logId() {
        return logId;
      },
    },
    agents: {
      list: () => [sampleAgent],
      get: (name) => {
        if (name !== 'calc') throw new MeshError('unknown_agent', undefined, { suggestions: ['calc'] });
        return sampleAgent;
      },
      add: (caller, entry) => {
        record('agent.add', caller, entry);
        return Promise.resolve(sampleAgent);
      },
      remove: (caller, name) => {
        record('agent.remove', caller, name);
        return Promise.resolve();
      },
      alias: (caller, name, alias) => {
        record('agent.alias', caller, { name, alias });
        return Promise.resolve(sampleAgent);
      },
      unalias: (caller, name, alias) => {
        record('agent.unalias', caller, { name, alias });
        return Promise.resolve(sampleAgent);
      },
      trust: (caller, name, identity) => {
        record('agent.trust', caller, { name, identity });
        return Promise.resolve(sampleAgent);
      },
    },
    installs: {
      list: () => [],
      plan: (ask) => Promise.resolve({ ...installPlan, kind: ask.kind }),
      install: (caller, ask) => {
        record('install.apply', caller, ask);
        return Promise.resolve({ kind: ask.kind, dir: '/opt/x', notes: [], steps: [], agents: [] });
      },
      uninstall: (caller, ask) => {
        record('install.undo', caller, ask);
        return Promise.resolve({ kind: ask.kind, dir: '/opt/x', notes: [], steps: [], agents: [] });
      },
    },
    discovery: {
      sweep: (caller, options) => {
        record('discovery.sweep', caller, options);
        return Promise.resolve({ sweep_id: 'sweep-1', found: 1, agents: [sampleAgent], problems: [] });
      },
      listening: () => undefined,
    },
    invocations: {
      start: (caller, ask) => {
        record('invocation.start', caller, ask);
        return Promise.resolve(invocation('run-1'));
      },
      get: (runId) => invocation(known(runId)),
      list: () => [invocation('run-1')],
      cancel: (caller, runId, reason) => {
        record('invocation.cancel', caller, { runId: known(runId), reason });
        return Promise.resolve(invocation(runId));
      },
    },
    templates: {
      list: () =>
        Promise.resolve([
          {
            name: 'pipeline',
            description: '',
            origin: 'built-in',
            hash: 'ab',
            steps: ['draft'],
            inputs: {},
            input_modes: null,
            problems: 0,
          },
        ]),
      get: (name) =>
        Promise.resolve({
          name,
          text: 'kind: Team',
          origin: 'built-in',
          check: { name, hash: 'ab', ok: true, problems: [], worst_case: null },
        }),
      check: () => Promise.resolve({ name: null, hash: 'ab', ok: true, problems: [], worst_case: null }),
    },
    teamRuns: {
      start: (caller, ask) => {
        record('team_run.start', caller, ask);
        return Promise.resolve(teamRun('team-1'));
      },
      get: (id) => teamRun(known(id)),
      list: () => [teamRun('team-1')],
      pause: (caller, id, options) => {
        record('team_run.pause', caller, { id: known(id), ...options });
        return Promise.resolve(teamRun(id));
      },
      resume: (caller, id) => {
        record('team_run.resume', caller, { id: known(id) });
        return Promise.reject(new MeshError('not_enabled', undefined, { enabled: ['pause', 'cancel'] }));
      },
      cancel: (caller, id, reason) => {
        record('team_run.cancel', caller, { id: known(id), reason });
        return Promise.resolve(teamRun(id));
      },
      answers: () => [],
      exchange: () => [],
      machine: (id) => ({
        template: 'pipeline',
        hash: known(id),
        compiler_version: 1,
        chart: { id: 'pipeline', states: [], transitions: [] },
      }),
    },
    approvals: {
      list: () => [approval('approval-1')],
      get: (id) => approval(known(id, 'unknown_approval')),
      decide: (caller, id, asked) => {
        record('approval.decide', caller, { id: known(id, 'unknown_approval'), ...asked });
        return Promise.resolve(approval(id));
      },
    },
    audit: { list: () => [] },
    verify: () => Promise.reject(new TypeError('secret detail of a fault inside')),
    health: () => ({
      status: 'ok',
      version: '0.1.0',
      log_id: logId,
      head_seq: rows.length,
      mirror: { ok: true, lag: 0, problem: null },
      queue: { driver: 'sqlite', problem: null, waiting: 0, dropped: 0 },
      discovery: [],
      workers: [],
      problems: [],
      counts: { agents: 1, invocations_active: 0, team_runs_active: 0, approvals_pending: 0 },
      uptime_ms: 1,
    }),
    close: () => Promise.resolve(),
  };
};
