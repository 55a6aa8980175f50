// Tool calls as ACP tells of them, in any number of updates: each becomes a start, sometimes updates, and one end.
import { LIMITS } from '#machines/nouns/limits';
import { z } from 'zod';
import type { Clock } from '../../ports.ts';
import type { Story } from '../../processes/story.ts';

const text = z.string().nullish().catch(undefined);

/** The fields that are read, each alone: one of an unknown shape does not cost the others. */
const ContentSchema = z.union([
  z.object({
    type: z.literal('content'),
    content: z.object({ type: z.literal('text'), text: z.string() }),
  }),
  z.object({ type: z.literal('diff'), path: z.string(), oldText: text, newText: z.string() }),
  z.looseObject({ type: z.string() }),
]);

/** `tool_call`, `tool_call_update`, and the call inside of a permission request. */
export const ToolCallSchema = z.object({
  toolCallId: z.coerce.string().min(1).max(LIMITS.eventIdChars),
  title: text,
  name: text,
  kind: text,
  status: text,
  content: z.array(ContentSchema).nullish().catch(undefined),
  locations: z
    .array(z.looseObject({ path: z.string() }))
    .nullish()
    .catch(undefined),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
});
export type ToolCallNews = z.infer<typeof ToolCallSchema>;

interface Call {
  readonly id: string;
  readonly name: string;
  title: string | null;
  input: unknown;
  output: unknown;
  content: readonly z.infer<typeof ContentSchema>[];
  locations: readonly string[];
  hasBegun: boolean;
  /** What of its text has been told as updates. */
  toldText: string;
  toldAt: number;
}

/** Calls remembered, the latest ones. */
const CALLS_KEPT = 1_000;
const NAME_CHARS = 128;

/** `name` is new in ACP; before, agents put the tool’s name into the title, or a sentence. */
const nameOf = ({ name, title, kind }: ToolCallNews): string =>
  (
    name ?? (title !== null && title !== undefined && /^[\w.:/-]+$/.test(title) ? title : (kind ?? 'tool'))
  ).slice(0, NAME_CHARS);

const textOf = (call: Call): string =>
  call.content
    .map((part) => (part.type === 'content' ? (part.content as { text: string }).text : ''))
    .join('');

const diffsOf = (call: Call): unknown[] => call.content.filter(({ type }) => type === 'diff');

/** What the call came to: the tool’s own answer, else the text that was shown. */
const outputOf = (call: Call): unknown => {
  const said = textOf(call);
  const diffs = diffsOf(call);
  const output = call.output ?? (said === '' ? null : said);
  return diffs.length === 0 ? output : { output, diffs };
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export class ToolCalls {
  readonly #story: Story;
  readonly #clock: Clock;
  readonly #calls = new Map<string, Call>();
  /** A call whose first word held no arguments yet: told with the next word about anything. */
  #held: Call | null = null;

  constructor(story: Story, clock: Clock) {
    this.#story = story;
    this.#clock = clock;
  }

  /** News of a call, first or further. */
  async take(news: ToolCallNews): Promise<void> {
    const known = this.#calls.get(news.toolCallId);
    const call = known ?? this.#begin(news);
    const inputBefore = call.input;
    this.#merge(call, news);
    if (this.#held !== call) await this.settle();
    const hasEnded = news.status === 'completed' || news.status === 'failed';
    if (known === undefined && news.status === 'pending') {
      this.#held = call;
      return;
    }
    this.#held = null;
    if (!call.hasBegun) await this.#start(call);
    else if (!hasEnded && !same(inputBefore, call.input)) {
      await this.#story.toolUpdate(call.id, { input: call.input });
    }
    if (hasEnded) await this.#end(call, news.status === 'failed');
    else await this.#progress(call);
  }

  /** The call that a person is asked about: told now, if it was not before. Answers what is known of it. */
  async asked(news: ToolCallNews): Promise<{ title: string; name: string; operation: unknown }> {
    const call = this.#calls.get(news.toolCallId) ?? this.#begin(news);
    // The question may show less of the arguments than the call did: what is known of both is asked.
    const { input } = call;
    this.#merge(call, news);
    if (isBag(input) && isBag(call.input)) call.input = { ...input, ...call.input };
    this.#held = null;
    // Taken down before anything is awaited: further news of the call must not change what a person is asked.
    const diffs = diffsOf(call);
    const asked = {
      title: call.title ?? call.name,
      name: call.name,
      operation: {
        tool: call.name,
        ...(news.kind === null || news.kind === undefined ? {} : { kind: news.kind }),
        ...(call.title === null ? {} : { title: call.title }),
        input: call.input ?? null,
        ...(call.locations.length === 0 ? {} : { locations: call.locations }),
        ...(diffs.length === 0 ? {} : { diffs }),
      },
    };
    if (!call.hasBegun) await this.#start(call);
    return asked;
  }

  /** Tells what was held back: something else comes. */
  async settle(): Promise<void> {
    const call = this.#held;
    this.#held = null;
    if (call !== null && !call.hasBegun) await this.#start(call);
  }

  #begin(news: ToolCallNews): Call {
    const call: Call = {
      id: news.toolCallId,
      name: nameOf(news),
      title: null,
      input: undefined,
      output: undefined,
      content: [],
      locations: [],
      hasBegun: false,
      toldText: '',
      toldAt: Number.NEGATIVE_INFINITY,
    };
    this.#calls.set(call.id, call);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > CALLS_KEPT && oldest !== undefined) this.#calls.delete(oldest);
    return call;
  }

  /** Each field that is given replaces what was known (session/update of ACP: only changed fields are sent). */
  #merge(call: Call, news: ToolCallNews): void {
    call.title = news.title ?? call.title;
    call.input = news.rawInput ?? call.input;
    call.output = news.rawOutput ?? call.output;
    call.content = news.content ?? call.content;
    call.locations = news.locations?.map(({ path }) => path) ?? call.locations;
  }

  async #start(call: Call): Promise<void> {
    call.hasBegun = true;
    await this.#story.toolStart(call.id, call.name, {
      ...(call.title === null || call.title === call.name ? {} : { title: call.title }),
      ...(call.input === undefined ? {} : { input: call.input }),
    });
  }

  /** What the tool has printed since, as often as deltas of an answer are stored. Only text that grows is told so. */
  async #progress(call: Call): Promise<void> {
    const said = textOf(call);
    const now = this.#clock.now();
    if (said.length <= call.toldText.length || now - call.toldAt < LIMITS.deltaIntervalMs) return;
    if (!said.startsWith(call.toldText)) return;
    const news = said.slice(call.toldText.length);
    call.toldText = said;
    call.toldAt = now;
    await this.#story.toolUpdate(call.id, { output: news });
  }

  async #end(call: Call, isFailed: boolean): Promise<void> {
    const output = outputOf(call);
    await this.#story.toolEnd(call.id, call.name, isFailed ? { error: output ?? 'failed' } : { output });
  }
}

const isBag = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
