// What the events of a team run say, apart from when and under which ids: equal for the same work, whoever carried it.
import type { EventV1 } from '#machines/nouns/event';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** One event in a line: step, attempt, kind, and what makes one event of that kind another. */
const lineOf = ({ step, kind, payload, metadata }: EventV1): string =>
  [
    step ?? '',
    metadata['attempt'] ?? '',
    kind,
    payload['state'] ?? payload['phase'] ?? payload['role'] ?? '',
    payload['event'] ?? payload['name'] ?? '',
    metadata['final'] === true ? 'final' : '',
  ]
    .map(String)
    .join(' ')
    .replace(UUID, '…');

/** The multiset of a run's events, as sorted lines. Pieces of a text are cut by the clock, so they are left out. */
export const shapeOf = (events: readonly EventV1[]): string =>
  events
    .filter(({ metadata }) => metadata['delta'] !== true)
    .map(lineOf)
    .toSorted()
    .join('\n');

/** Where two shapes differ, in a line. */
export const difference = (one: string, other: string): string => {
  const count = (text: string): Map<string, number> => {
    const lines = new Map<string, number>();
    for (const line of text.split('\n')) lines.set(line, (lines.get(line) ?? 0) + 1);
    return lines;
  };
  const [a, b] = [count(one), count(other)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((line) => a.get(line) !== b.get(line))
    .map((line) => `"${line}" ${a.get(line) ?? 0} and ${b.get(line) ?? 0} times`)
    .join(', ');
};
