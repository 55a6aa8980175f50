// The kinds of events as words. machines/nouns/event.ts has them as a schema, which would load zod into every command.
import type { EventKind } from '#machines/nouns/event';

const KINDS: Readonly<Record<EventKind, true>> = {
  status: true,
  message: true,
  artifact: true,
  tool: true,
  reasoning: true,
  error: true,
};

export const EVENT_KIND_WORDS = Object.keys(KINDS) as readonly EventKind[];
