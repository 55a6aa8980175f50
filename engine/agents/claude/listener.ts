// What the model says and does, as events: streamed pieces, whole messages, tool calls and their results.
import type { z } from 'zod';
import type { Story } from '../../processes/story.ts';
import type { ContentBlock, MessageLine, StreamLine } from './lines.ts';

/** Tool results are a text, or parts of which most are text. */
const outputOf = (content: unknown): unknown => {
  if (!Array.isArray(content)) return content ?? null;
  const texts = content.map((part: unknown) =>
    typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string'
      ? part.text
      : null,
  );
  return texts.every((text) => text !== null) ? texts.join('\n') : content;
};

export class Listener {
  readonly #story: Story;
  /** The message that streams now. */
  #streaming: string | null = null;
  /** Messages whose pieces have been told: their whole form adds nothing. */
  #streamed = new Set<string>();

  constructor(story: Story) {
    this.#story = story;
  }

  /** A piece of the model’s answer or thought. What a sub-agent says is part of a tool call, not of the answer. */
  async piece({ event, parent_tool_use_id: parent }: z.infer<typeof StreamLine>): Promise<void> {
    if (typeof parent === 'string') return;
    if (event.type === 'message_start') this.#streaming = event.message?.id ?? null;
    if (event.type !== 'content_block_delta') return;
    const { text, thinking } = event.delta ?? {};
    const message = this.#streaming ?? '';
    if (typeof text === 'string') {
      this.#streamed.add(`text ${message}`);
      await this.#story.piece(text, `${message}/${String(event.index ?? 0)}`);
    } else if (typeof thinking === 'string') {
      this.#streamed.add(`thinking ${message}`);
      await this.#story.thought(thinking, true);
    }
  }

  /** A whole message: tool calls and results, and the words of a message that did not stream. */
  async message(line: z.infer<typeof MessageLine>): Promise<void> {
    const parent = line.parent_tool_use_id ?? null;
    for (const block of line.message.content) await this.#block(block, line, parent);
  }

  async #block(
    block: ContentBlock,
    { type, message }: z.infer<typeof MessageLine>,
    parent: string | null,
  ): Promise<void> {
    const own = type === 'assistant' && parent === null;
    const id = message.id ?? '';
    if (block.type === 'tool_use' && 'name' in block) {
      await this.#story.toolStart(block.id, block.name, {
        input: block.input ?? null,
        ...(parent === null ? {} : { parent_call_id: parent }),
      });
    } else if (block.type === 'tool_result' && 'tool_use_id' in block) {
      const output = outputOf(block.content);
      await this.#story.toolEnd(
        block.tool_use_id,
        'tool',
        block.is_error === true ? { error: output ?? 'failed' } : { output },
      );
    } else if (own && block.type === 'text' && 'text' in block) {
      if (!this.#streamed.has(`text ${id}`)) await this.#story.message(block.text, null);
    } else if (own && block.type === 'thinking' && 'thinking' in block) {
      if (!this.#streamed.has(`thinking ${id}`)) await this.#story.thought(block.thinking, false);
    }
  }
}
