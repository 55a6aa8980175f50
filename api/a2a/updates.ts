// What a stream of a task tells: the task first, then each change of its state, each new output, tools and reasoning.
import type { StreamResponse } from '@a2a-js/sdk';
import type { EventV1 } from '#machines/nouns/event';
import type { TeamRun } from '#machines/nouns/run';
import { TRACE_EXTENSION } from './card.ts';
import { artifactsOf, isSettled, say, statusOf, taskOf } from './task.ts';
import type { Look } from './watch.ts';

const statusUpdate = (run: TeamRun, message = statusOf(run).message): StreamResponse => {
  const task = taskOf(run, false);
  return {
    payload: {
      $case: 'statusUpdate',
      value: {
        taskId: task.id,
        contextId: task.contextId,
        status: { ...statusOf(run), message },
        metadata: undefined,
      },
    },
  };
};

/** A tool call or a thought of a step's agent, in the metadata of a status message. */
const traceUpdate = (run: TeamRun, event: EventV1): StreamResponse[] => {
  if (event.kind !== 'tool' && event.kind !== 'reasoning') return [];
  const isDelta = event.metadata['delta'] === true;
  const trace = { kind: event.kind, payload: event.payload, ...(isDelta ? { delta: true } : {}) };
  return [statusUpdate(run, say(run, event.id, '', { [TRACE_EXTENSION]: trace }))];
};

/** The words of a state that a watcher would want to hear of when they change. */
const stateKey = (run: TeamRun): string => `${run.status} ${run.step ?? ''}`;

/** Turns looks at a run into the stream of its task; ends with the run, or where it waits for a person. */
export async function* updatesOf(
  looks: AsyncIterable<Look>,
): AsyncGenerator<StreamResponse, void, undefined> {
  let told: string | null = null;
  const sent = new Map<string, string>();
  for await (const { run, events } of looks) {
    const isFirst = told === null;
    const artifacts = artifactsOf(run);
    if (isFirst) yield { payload: { $case: 'task', value: taskOf(run) } };
    for (const event of isFirst ? [] : events) yield* traceUpdate(run, event);
    for (const artifact of artifacts) {
      const content = JSON.stringify(artifact.parts);
      if (sent.get(artifact.artifactId) === content) continue;
      sent.set(artifact.artifactId, content);
      if (isFirst) continue;
      const { id: taskId, contextId } = taskOf(run, false);
      yield {
        payload: {
          $case: 'artifactUpdate',
          value: { taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined },
        },
      };
    }
    if (!isFirst && told !== stateKey(run)) yield statusUpdate(run);
    told = stateKey(run);
    if (isSettled(run)) return;
  }
}
