// The lines that Claude Code 2.1 prints in stream-json, as far as they are read. Others, and other fields, are passed over.
import { z } from 'zod';

const optional = z.string().nullish().catch(undefined);

export const SystemLine = z.object({
  type: z.literal('system'),
  subtype: z.string(),
  session_id: optional,
  model: optional,
  permissionMode: optional,
  claude_code_version: optional,
  attempt: z.number().optional().catch(undefined),
  max_retries: z.number().optional().catch(undefined),
  retry_delay_ms: z.number().optional().catch(undefined),
  error_status: z.number().nullish().catch(undefined),
  error: optional,
});

/** A piece of what the model says: the events of Anthropic’s Messages API, as they stream. */
export const StreamLine = z.object({
  type: z.literal('stream_event'),
  parent_tool_use_id: optional,
  event: z.object({
    type: z.string(),
    index: z.number().optional().catch(undefined),
    message: z.object({ id: z.string() }).optional().catch(undefined),
    delta: z.object({ type: optional, text: optional, thinking: optional }).optional().catch(undefined),
  }),
});

const Block = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), thinking: z.string() }),
  z.object({
    type: z.literal('tool_use'),
    id: z.string().min(1),
    name: z.string().min(1),
    input: z.unknown().optional(),
  }),
  z.object({
    type: z.literal('tool_result'),
    tool_use_id: z.string().min(1),
    content: z.unknown().optional(),
    is_error: z.boolean().nullish().catch(undefined),
  }),
  z.object({ type: z.string() }),
]);

/** A whole message of the model (`assistant`), or what went back to it (`user`): tool results. */
export const MessageLine = z.object({
  type: z.enum(['assistant', 'user']),
  parent_tool_use_id: optional,
  message: z.object({
    id: optional,
    content: z.union([z.string().transform(() => []), z.array(Block.catch({ type: 'unknown' }))]),
  }),
});
export type ContentBlock = z.infer<typeof Block>;

export const ResultLine = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean().catch(false),
  api_error_status: z.number().nullish().catch(undefined),
  result: optional,
  stop_reason: optional,
  terminal_reason: optional,
  errors: z.array(z.unknown()).optional().catch(undefined),
  num_turns: z.number().optional().catch(undefined),
  total_cost_usd: z.number().optional().catch(undefined),
  usage: z
    .object({
      input_tokens: z.number().optional().catch(undefined),
      output_tokens: z.number().optional().catch(undefined),
      cache_read_input_tokens: z.number().optional().catch(undefined),
      cache_creation_input_tokens: z.number().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
export type Result = z.infer<typeof ResultLine>;

/** Claude Code asks its host for something. */
export const ControlLine = z.object({
  type: z.literal('control_request'),
  request_id: z.string().min(1).max(200),
  request: z.looseObject({ subtype: z.string() }),
});
export type Control = z.infer<typeof ControlLine>;

/** Claude Code no longer asks. */
export const ControlCancelLine = z.object({
  type: z.literal('control_cancel_request'),
  request_id: z.string(),
});

/** May this tool be used; with AskUserQuestion, what is the answer. */
export const CanUseTool = z.object({
  subtype: z.literal('can_use_tool'),
  tool_name: z.string().min(1).max(200),
  input: z.record(z.string(), z.unknown()).catch({}),
  description: optional,
  blocked_path: optional,
  decision_reason: optional,
  tool_use_id: optional,
});
export type Permission = z.infer<typeof CanUseTool>;

const Question = z.looseObject({ question: z.string().min(1) });
export const Questions = z.object({ questions: z.array(Question).min(1).max(16) });
