// The lines of `codex exec --json` (0.169.0), as far as they are read. Others, and other fields, are passed over.
import { z } from 'zod';

const text = z.string().nullish().catch(undefined);

const base = { id: z.string().min(1).max(200), status: text };

/** One thing that happened: told when it begins, sometimes as it goes on, and when it is over. */
export const Item = z.discriminatedUnion('type', [
  z.object({ ...base, type: z.literal('agent_message'), text: z.string() }),
  z.object({ ...base, type: z.literal('reasoning'), text: z.string() }),
  z.object({
    ...base,
    type: z.literal('command_execution'),
    command: z.string(),
    aggregated_output: text,
    exit_code: z.number().nullish().catch(undefined),
  }),
  z.object({ ...base, type: z.literal('file_change'), changes: z.unknown().optional() }),
  z.object({
    ...base,
    type: z.enum(['mcp_tool_call', 'collab_tool_call']),
    server: text,
    tool: z.string().catch('tool'),
    arguments: z.unknown().optional(),
    prompt: text,
    result: z.unknown().optional(),
    error: z.unknown().optional(),
  }),
  z.object({ ...base, type: z.literal('web_search'), query: text }),
  z.object({
    ...base,
    type: z.literal('todo_list'),
    items: z.array(z.object({ text: z.string(), completed: z.boolean().catch(false) })),
  }),
  z.object({ ...base, type: z.literal('error'), message: z.string() }),
]);
export type CodexItem = z.infer<typeof Item>;

export const ItemLine = z.object({
  type: z.enum(['item.started', 'item.updated', 'item.completed']),
  item: z.unknown(),
});
export const ThreadLine = z.object({ type: z.literal('thread.started'), thread_id: z.string().min(1) });
export const ErrorLine = z.object({ type: z.literal('error'), message: z.string() });
export const FailedLine = z.object({
  type: z.literal('turn.failed'),
  error: z.object({ message: z.string().catch('') }).catch({ message: '' }),
});
export const CompletedLine = z.object({
  type: z.literal('turn.completed'),
  usage: z
    .object({
      input_tokens: z.number(),
      cached_input_tokens: z.number(),
      output_tokens: z.number(),
      reasoning_output_tokens: z.number(),
    })
    .partial()
    .optional()
    .catch(undefined),
});
