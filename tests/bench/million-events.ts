// A log of many events, written straight into the table by the real row writer: team runs of ten events, twenty agents
// that take turns, one agent that hardly ever works, few failures, and one team run that is very long.
import { join } from 'node:path';
import { pino } from 'pino';
import { FILES } from '#machines/nouns/data-folder';
import type { EventDraft } from '#machines/nouns/event';
import { rowInserter, toEvent } from '#engine/events/row';
import { nodePorts } from '#engine/index';
import { openStore } from '#engine/store/open';

/** What the log holds, for filters that fit often, seldom and never. */
export const IN_THE_LOG = {
  commonAgent: 'agent-3',
  rareAgent: 'agent-rare',
  rareStatus: 'failed',
  longTeamRun: 'team-long',
  /** A team run of ten events in the middle. */
  teamRun: (events: number): string => `team-${String(Math.floor(events / 20))}`,
  run: (events: number): string => `run-${String(Math.floor(events / 20))}`,
} as const;

/** One event in so many is the rare agent's; one in so many says failed; one in a hundred is the long team run's. */
const RARE_EVERY = 10_000;
const LONG_EVERY = 100;
const BATCH = 10_000;
const FIRST_AT = Date.UTC(2026, 0, 1);

const draftOf = (n: number): EventDraft => {
  const group = Math.floor(n / 10);
  const teamRun = n % LONG_EVERY === 7 ? IN_THE_LOG.longTeamRun : `team-${String(group)}`;
  const agent = n % RARE_EVERY === 11 ? IN_THE_LOG.rareAgent : `agent-${String(group % 20)}`;
  const where = {
    run_id: `run-${String(group)}`,
    task_id: `task-${String(group)}`,
    step: 'build',
    team_run_id: teamRun,
  };
  if (n % 10 === 0 || n % 10 === 9)
    return {
      ...where,
      kind: 'status',
      payload: {
        state: n % 10 === 0 ? 'working' : n % RARE_EVERY === 9 ? IN_THE_LOG.rareStatus : 'completed',
      },
      metadata: { agent },
    };
  return {
    ...where,
    kind: 'message',
    payload: {
      role: 'agent',
      text: `Line ${String(n)} of what an agent says while it works, of ordinary length.`,
    },
    metadata: { agent },
  };
};

/** Time of the n-th event, milliseconds since the epoch: one every ten. */
export const atOf = (n: number): number => FIRST_AT + n * 10;

/** Fills the table of a new data folder. Answers rows a second, in transactions of ten thousand. */
export const fillTable = async (dataDir: string, events: number): Promise<number> => {
  const ports = nodePorts(pino({ level: 'silent' }), {});
  const store = await openStore(join(dataDir, FILES.database), { synchronous: 'NORMAL' }, ports);
  const insert = rowInserter(store.db);
  const batch = store.db.transaction((from: number, to: number) => {
    for (let n = from; n < to; n += 1) {
      const at = atOf(n);
      insert(toEvent(draftOf(n), 'agent', at, ports.ids.uuidv7(), n + 1), at, false);
    }
  });
  const start = performance.now();
  for (let from = 0; from < events; from += BATCH) batch(from, Math.min(events, from + BATCH));
  const wallMs = performance.now() - start;
  store.close();
  return events / (wallMs / 1_000);
};
