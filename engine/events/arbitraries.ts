// Generated events and quiet ports, for the tests of this folder.
import fc from 'fast-check';
import type { EventDraft } from '#machines/nouns/event';
import type { Ports } from '../ports.ts';
import { nodePorts } from '../ports-node.ts';

const silent = (): void => undefined;

/** Real ports with a silent log; parts may be replaced. */
export const testPorts = (over: Partial<Ports> = {}): Ports => ({
  ...nodePorts({ debug: silent, info: silent, warn: silent, error: silent }, {}),
  ...over,
});

/** Any text, the awkward ones often: separators of lines, lone surrogates, NUL, what JSON escapes. */
export const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u2028', '\n', '\r\n', '\u0000', '\ud800', '"\\', '[x]', '😀', ''),
  },
);
const anyJson = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const anyObject = fc.dictionary(fc.string({ maxLength: 8 }), anyJson, { maxKeys: 4, noNullPrototype: true });

const payloads = {
  status: fc.record(
    { state: fc.constantFrom('working', 'completed', 'failed'), text: anyText },
    { requiredKeys: ['state'] },
  ),
  message: fc.record(
    { role: fc.constantFrom('agent', 'user'), text: anyText, parts: fc.array(anyJson, { maxLength: 2 }) },
    { requiredKeys: ['role', 'text'] },
  ),
  artifact: fc.record(
    {
      name: anyText,
      text: anyText,
      data: anyJson,
      mime: fc.constant('text/plain'),
      files: fc.array(fc.record({ name: anyText, base64: fc.base64String() }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
  tool: fc.record(
    {
      name: anyText,
      phase: fc.constantFrom('start' as const, 'update' as const, 'end' as const),
      input: anyJson,
    },
    { requiredKeys: ['name', 'phase'] },
  ),
  reasoning: fc.record({ text: anyText, ended: fc.boolean() }, { requiredKeys: ['text'] }),
  error: fc.record(
    { code: fc.constantFrom('timeout', 'x'), message: anyText, retryable: fc.boolean() },
    { requiredKeys: ['code', 'message'] },
  ),
} as const;

const scope = {
  run_id: fc.constantFrom('r1', 'r2', 'r3', 'r-中'),
  task_id: fc.constantFrom(null, 't1', 't2'),
  step: fc.constantFrom(null, 'fix', 'test'),
  team_run_id: fc.constantFrom(null, 'team1', 'team2'),
  metadata: fc
    .tuple(anyObject, fc.constantFrom({}, { agent: 'calc' }, { agent: 'fixer' }, { agent: 7 }))
    .map(([a, b]) => ({ ...a, ...b })),
  ts: fc
    .date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9998-01-01T00:00:00Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString()),
};

const draftOf = <K extends keyof typeof payloads>(kind: K): fc.Arbitrary<EventDraft> =>
  fc.record({
    ...scope,
    kind: fc.constant(kind),
    payload: payloads[kind] as fc.Arbitrary<object>,
  }) as fc.Arbitrary<unknown> as fc.Arbitrary<EventDraft>;

/** A valid draft of any kind. */
export const anyDraft: fc.Arbitrary<EventDraft> = fc.oneof(
  draftOf('status'),
  draftOf('message'),
  draftOf('artifact'),
  draftOf('tool'),
  draftOf('reasoning'),
  draftOf('error'),
);
