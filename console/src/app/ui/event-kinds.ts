// The kinds of events in the order in which they are offered as filters. (The nouns' own list would bring zod along.)
import type { EventKind } from '#machines/nouns/event';

const ORDER: Readonly<Record<EventKind, number>> = {
  status: 0,
  message: 1,
  artifact: 2,
  tool: 3,
  reasoning: 4,
  error: 5,
};

export const EVENT_KIND_LIST = (Object.keys(ORDER) as EventKind[]).toSorted((a, b) => ORDER[a] - ORDER[b]);
