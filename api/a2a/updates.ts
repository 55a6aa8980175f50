// What a stream of a task tells: the task first, then each change of its state, each new output, tools and reasoning.
import type { StreamResponse, TaskStatus } from '@a2a-js/sdk';
import type { Engine } from '#engine/index';
import type { EventV1 } from '#machines/nouns/event';
import { isTerminalTeamRun, type TeamRun } from '#machines/nouns/run';
import { artifactsOf } from './artifacts.ts';
import { TRACE_EXTENSION } from './card.ts';
import { say, statusOf, taskIds, taskOf, type Wanted } from './task.ts';
import { isWaiting, waitsOf } from './waiting.ts';
import type { Look } from './watch.ts';

const statusUpdate = (run: TeamRun, status: TaskStatus): StreamResponse => ({
  payload: { $case: 'statusUpdate', value: { ...taskIds(run), status, metadata: undefined } },
});

/** A tool call or a thought of a step's agent, in the metadata of a status message. */
const traceUpdate = (run: TeamRun, status: TaskStatus, event: EventV1): StreamResponse[] => {
  if (event.kind !== 'tool' && event.kind !== 'reasoning') return [];
  const isDelta = event.metadata['delta'] === true;
  const trace = { kind: event.kind, payload: event.payload, ...(isDelta ? { delta: true } : {}) };
  const message = say(run, event.id, '', { [TRACE_EXTENSION]: trace });
  return [statusUpdate(run, { ...status, message })];
};

/** The words of a state that a watcher would want to hear of when they change. */
const stateKey = (run: TeamRun): string =>
  `${run.status} ${run.step ?? ''} ${isWaiting(run) ? run.pending_approvals.join() : ''}`;

/**
 * Turns looks at a run into the stream of its task; ends with the run, or where it begins to wait for somebody. What it
 * waited for already when the stream began is what the watcher wants to see the end of.
 */
export async function* updatesOf(
  engine: Engine,
  looks: AsyncIterable<Look>,
  wanted: Omit<Wanted, 'artifacts'> & { readonly endsWaiting: boolean },
): AsyncGenerator<StreamResponse, void, undefined> {
  let told: string | null = null;
  /** What it waits for when the stream begins. */
  let before: string | null = null;
  const sent = new Set<string>();
  for await (const { run, events } of looks) {
    const key = stateKey(run);
    const isOver = isTerminalTeamRun(run.status);
    if (told === null) {
      const task = taskOf(engine, run, { ...wanted, artifacts: true });
      for (const { id, output } of run.steps) if (output !== null) sent.add(id);
      yield { payload: { $case: 'task', value: task } };
      if (!wanted.endsWaiting && isWaiting(run)) before = key;
    } else {
      const waits = waitsOf(engine, run);
      for (const event of events) yield* traceUpdate(run, statusOf(run, waits), event);
      const isNew = run.steps.some(({ id, output }) => output !== null && !sent.has(id));
      for (const answer of isNew ? engine.teamRuns.answers(run.team_run_id, sent) : []) {
        sent.add(answer.step);
        for (const artifact of artifactsOf(answer))
          yield {
            payload: {
              $case: 'artifactUpdate',
              value: { ...taskIds(run), artifact, append: false, lastChunk: true, metadata: undefined },
            },
          };
      }
      if (told !== key) {
        const all = run.status === 'completed' ? engine.teamRuns.answers(run.team_run_id) : [];
        yield statusUpdate(run, statusOf(run, waits, all));
      }
    }
    told = key;
    if (isOver || (isWaiting(run) && key !== before)) return;
  }
}
