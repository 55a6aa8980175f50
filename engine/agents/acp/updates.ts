// session/update of ACP, as events. What is not known is passed over: the protocol grows, and a run must not end for it.
import { z } from 'zod';
import type { MeshFile } from '#machines/nouns/file';
import type { Clock } from '../../ports.ts';
import type { Story } from '../../processes/story.ts';
import { ToolCalls, ToolCallSchema } from './tool-calls.ts';

const Notification = z.object({
  sessionId: z.string(),
  update: z.looseObject({ sessionUpdate: z.string() }),
});

const text = z.string().nullish().catch(undefined);

/** One piece of what an agent says or thinks. */
const Chunk = z.object({
  messageId: z.coerce.string().nullish().catch(undefined),
  content: z.discriminatedUnion('type', [
    z.object({ type: z.literal('text'), text: z.string() }),
    z.object({ type: z.enum(['image', 'audio']), data: z.string(), mimeType: z.string(), uri: text }),
    z.object({ type: z.literal('resource_link'), uri: z.string(), name: text, mimeType: text }),
    z.object({
      type: z.literal('resource'),
      resource: z.object({ uri: z.string(), mimeType: text, text, blob: text }),
    }),
  ]),
});

const Plan = z.object({ entries: z.array(z.looseObject({ content: z.string(), status: text })) });
const Usage = z.object({
  used: z.number(),
  size: z.number(),
  cost: z.object({ amount: z.number(), currency: z.string() }).nullish().catch(undefined),
});
const TurnUsage = z
  .object({ inputTokens: z.number(), outputTokens: z.number(), totalTokens: z.number() })
  .partial();

const nameOf = (uri: string): string => uri.replace(/[/?#]+$/, '').replace(/^.*\//, '') || uri;

const fileOf = (name: string, base64: string, mime: string | null | undefined): MeshFile => ({
  name,
  ...(typeof mime === 'string' ? { mime } : {}),
  base64,
});

/** JSON as data, everything else as text. */
const contentOf = (said: string, mime: string | null | undefined): { text: string } | { data: unknown } => {
  if (mime?.includes('json') !== true) return { text: said };
  try {
    return { data: JSON.parse(said) as unknown };
  } catch {
    return { text: said };
  }
};

export class Updates {
  readonly tools: ToolCalls;
  readonly #story: Story;
  #usage: z.infer<typeof Usage> | null = null;

  constructor(story: Story, clock: Clock) {
    this.#story = story;
    this.tools = new ToolCalls(story, clock);
  }

  /** Takes the params of one notification; other sessions (an agent’s own sub-agents) are not ours. */
  async take(params: unknown, sessionId: string | null): Promise<void> {
    const parsed = Notification.safeParse(params);
    if (!parsed.success || parsed.data.sessionId !== sessionId) return;
    const { update } = parsed.data;
    switch (update.sessionUpdate) {
      case 'tool_call':
      case 'tool_call_update': {
        const news = ToolCallSchema.safeParse(update);
        if (news.success) await this.tools.take(news.data);
        return;
      }
      case 'usage_update': {
        // Comes many times; the last one is told with the end.
        const usage = Usage.safeParse(update);
        if (usage.success) this.#usage = usage.data;
        return;
      }
    }
    await this.tools.settle();
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        await this.#said(update);
        break;
      case 'agent_thought_chunk': {
        const chunk = Chunk.safeParse(update);
        if (chunk.success && chunk.data.content.type === 'text')
          await this.#story.thought(chunk.data.content.text, true);
        break;
      }
      case 'plan':
        await this.#planned(update);
        break;
    }
  }

  /** The end of the turn: what was held back, and what it cost. */
  async end(usage: unknown): Promise<void> {
    await this.tools.settle();
    const turn = TurnUsage.safeParse(usage);
    const { inputTokens, outputTokens, totalTokens } = turn.success ? turn.data : {};
    const known = Object.entries({
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: totalTokens,
      context_used: this.#usage?.used,
      context_size: this.#usage?.size,
      cost: this.#usage?.cost ?? undefined,
    }).filter(([, value]) => value !== undefined);
    if (known.length > 0) await this.#story.usage(Object.fromEntries(known));
  }

  async #said(update: unknown): Promise<void> {
    const chunk = Chunk.safeParse(update);
    if (!chunk.success) return;
    const { content, messageId = null } = chunk.data;
    switch (content.type) {
      case 'text':
        await this.#story.piece(content.text, messageId);
        break;
      case 'resource_link':
        await this.#story.piece(`${content.name ?? nameOf(content.uri)}: ${content.uri}`, messageId);
        break;
      case 'resource': {
        const { uri, mimeType, text: words, blob } = content.resource;
        await this.#story.artifact({
          name: nameOf(uri),
          ...(typeof words === 'string'
            ? { ...contentOf(words, mimeType), ...(typeof mimeType === 'string' ? { mime: mimeType } : {}) }
            : { files: [fileOf(nameOf(uri), blob ?? '', mimeType)] }),
        });
        break;
      }
      default: {
        const name = typeof content.uri === 'string' ? nameOf(content.uri) : content.type;
        await this.#story.artifact({ name, files: [fileOf(name, content.data, content.mimeType)] });
      }
    }
  }

  async #planned(update: unknown): Promise<void> {
    const plan = Plan.safeParse(update);
    if (!plan.success) return;
    const { entries } = plan.data;
    const done = entries.filter(({ status }) => status === 'completed').length;
    const now = entries.find(({ status }) => status === 'in_progress')?.content;
    await this.#story.status(
      `plan: ${String(done)} of ${String(entries.length)} done${now === undefined ? '' : `; now ${now}`}`,
      { plan: entries.map(({ content, status, priority }) => ({ content, status, priority })) },
    );
  }
}
