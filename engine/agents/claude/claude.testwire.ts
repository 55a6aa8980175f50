// Claude Code’s end of its stream-json lines, for the counterpart of the contract: shapes as 2.1.197 was seen to print them.

export const SESSION = 'e242ce5e-1e9e-4bbd-bff2-9ba124cf9013';
const common = { session_id: SESSION, uuid: '00000000-0000-4000-8000-000000000000' };

export const print = (line: object): void => {
  process.stdout.write(`${JSON.stringify({ ...line, ...common })}\n`);
};

export const init = (): void => {
  print({
    type: 'system',
    subtype: 'init',
    cwd: process.cwd(),
    tools: ['Bash'],
    model: 'fake-1',
    permissionMode: 'default',
    claude_code_version: '2.1.197',
  });
};

let messages = 0;

const event = (body: object, parent: string | null): void => {
  print({ type: 'stream_event', event: body, parent_tool_use_id: parent });
};

/** One message of the model as it streams, and whole afterwards, block by block. */
export const speak = (
  blocks: readonly { readonly type: 'text' | 'thinking'; readonly pieces: readonly string[] }[],
  parent: string | null = null,
): void => {
  messages += 1;
  const id = `msg_${String(messages)}`;
  event({ type: 'message_start', message: { id, type: 'message', role: 'assistant', content: [] } }, parent);
  blocks.forEach(({ type, pieces }, index) => {
    event({ type: 'content_block_start', index, content_block: { type, [type]: '' } }, parent);
    for (const piece of pieces)
      event({ type: 'content_block_delta', index, delta: { type: `${type}_delta`, [type]: piece } }, parent);
    print({
      type: 'assistant',
      message: { id, type: 'message', role: 'assistant', content: [{ type, [type]: pieces.join('') }] },
      parent_tool_use_id: parent,
    });
    event({ type: 'content_block_stop', index }, parent);
  });
  event({ type: 'message_stop' }, parent);
};

export const say = (text: string): void => {
  speak([{ type: 'text', pieces: [text] }]);
};

export const useTool = (id: string, name: string, input: object, parent: string | null = null): void => {
  print({
    type: 'assistant',
    message: {
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      content: [{ type: 'tool_use', id, name, input }],
    },
    parent_tool_use_id: parent,
  });
};

export const toolResult = (
  id: string,
  content: unknown,
  isError = false,
  parent: string | null = null,
): void => {
  print({
    type: 'user',
    message: {
      role: 'user',
      content: [{ tool_use_id: id, type: 'tool_result', content, is_error: isError }],
    },
    parent_tool_use_id: parent,
  });
};

export const result = (more: object): void => {
  print({
    type: 'result',
    subtype: 'success',
    is_error: false,
    api_error_status: null,
    num_turns: 1,
    stop_reason: 'end_turn',
    total_cost_usd: 0.00035,
    usage: {
      input_tokens: 20,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 4,
      output_tokens: 10,
    },
    terminal_reason: 'completed',
    ...more,
  });
};

const answers = new Map<string, (answer: Readonly<Record<string, unknown>>) => void>();
let asked = 0;

/** Asks the host; resolves with its answer: {behavior, …}, or {error}. */
export const askHost = (request: object): Promise<Readonly<Record<string, unknown>>> =>
  new Promise((resolve) => {
    asked += 1;
    const id = `req-${String(asked)}`;
    answers.set(id, resolve);
    print({ type: 'control_request', request_id: id, request });
  });

/** Takes back what was asked last. */
export const takeBack = (): void => {
  print({ type: 'control_cancel_request', request_id: `req-${String(asked)}` });
};

/** An answer of the host to something that was asked. */
export const hear = (response: Readonly<Record<string, unknown>>): void => {
  const id = String(response['request_id']);
  const answer = answers.get(id);
  answers.delete(id);
  answer?.(
    (response['response'] as Readonly<Record<string, unknown>> | undefined) ?? { error: response['error'] },
  );
};

export const permission = (
  tool: string,
  input: object,
  call: string,
): Promise<Readonly<Record<string, unknown>>> =>
  askHost({ subtype: 'can_use_tool', tool_name: tool, display_name: tool, input, tool_use_id: call });
