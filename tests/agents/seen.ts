// What the tests of the lanes look for in the events of a run.
import assert from 'node:assert/strict';
import type { EventV1 } from '#machines/nouns/event';

/** Whether a word stands in what an event carries. */
export const says =
  (word: string) =>
  (event: EventV1): boolean =>
    JSON.stringify(event.payload).includes(word);

/** Whether an event is text of the agent. */
export const isAnswer = ({ kind, payload }: EventV1): boolean =>
  kind === 'message' && payload['role'] === 'agent';

/** Begin and end of the one tool call of a run; fails when there are several. */
export const phases = (events: readonly EventV1[]): string[] => {
  const ids = new Set<unknown>();
  return events.flatMap(({ kind, payload }) => {
    if (kind !== 'tool' || payload['phase'] === 'update') return [];
    ids.add(payload['call_id']);
    assert.equal(ids.size, 1, 'one call has one id');
    return [String(payload['phase'])];
  });
};

/** All that was thought, as one text. */
export const thoughts = (events: readonly EventV1[]): string =>
  events.flatMap(({ kind, payload }) => (kind === 'reasoning' ? [String(payload['text'])] : [])).join('');
