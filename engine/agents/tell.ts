// What the log says about agents: one status event for each thing that became of one.
import type { EventLog } from '../events/append.ts';
import type { Tx } from '../store/writer.ts';
import type { AgentRow } from './agent-rows.ts';

/** Writes the event. */
export type Tell = (tx: Tx, runId: string, state: string, row: AgentRow) => void;

/** agent_seen, agent_reachable, agent_lost, agent_changed, agent_trusted: inside a transaction, under the run of the look. */
export const createTell =
  (log: Pick<EventLog, 'append'>): Tell =>
  (tx, runId, state, row) => {
    const { name, kind, latencyMs, problem, changes } = row;
    log.append(
      tx,
      {
        run_id: runId,
        kind: 'status',
        payload: {
          state,
          agent: name,
          kind,
          latency_ms: latencyMs,
          ...(problem === null ? {} : { problem }),
          ...(changes.length === 0 ? {} : { changes }),
        },
        metadata: { agent: name },
      },
      'engine',
    );
  };
