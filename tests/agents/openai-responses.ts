// OpenAI’s Responses API on loopback, spoken by the script: what Codex takes for its model.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelAnswer, type ModelTurn } from './model-script.ts';

const ItemSchema = z.looseObject({
  type: z.string(),
  role: z.string().optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
  output: z.unknown().optional(),
});
const RequestSchema = z.looseObject({
  input: z.array(ItemSchema),
  tools: z.array(z.looseObject({ name: z.string().optional() })).optional(),
});

/** Codex tells its model about the surroundings in messages of the user, too. */
const isOwn = (text: string): boolean => /^\s*(<\w+|# AGENTS\.md)/.test(text);

const turnOf = ({ input, tools = [] }: z.infer<typeof RequestSchema>): ModelTurn => {
  let prompt = '';
  let toolResult: string | null = null;
  for (const { type, role, content, output } of input) {
    const text = (content ?? []).map((part) => part.text ?? '').join('\n');
    if (type === 'message' && role === 'user' && !isOwn(text)) {
      prompt = text;
      toolResult = null;
    } else if (type.endsWith('_output'))
      toolResult = typeof output === 'string' ? output : JSON.stringify(output ?? '');
  }
  return { prompt, toolResult, tools: tools.flatMap(({ name }) => name ?? []) };
};

/** Codex names the argument of its shell `cmd`. */
const argumentsOf = ({ name, args }: { name: string; args: Readonly<Record<string, unknown>> }): string =>
  JSON.stringify(name === 'exec_command' ? { cmd: args['command'] } : args);

/** Answers one request; Codex always streams. Stops when whoever asked hangs up. */
export const answerResponses = async (body: unknown, response: ServerResponse, id: string): Promise<void> => {
  const answer = modelAnswer(turnOf(RequestSchema.parse(body)));
  if (answer.fail !== undefined) {
    response.writeHead(answer.fail, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        error: {
          message: 'the model is broken',
          type: answer.fail < 500 ? 'invalid_request_error' : 'server_error',
        },
      }),
    );
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  let count = 0;
  const say = (type: string, more: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: count, ...more })}\n\n`);
    count += 1;
  };
  const output: object[] = [];
  const done = (item: object): void => {
    say('response.output_item.done', { output_index: output.length, item });
    output.push(item);
  };
  const head = { id: `resp_${id}` };
  say('response.created', { response: { ...head, status: 'in_progress', output: [] } });
  if (answer.thoughts.length > 0)
    done({
      type: 'reasoning',
      id: `rs_${id}`,
      summary: [{ type: 'summary_text', text: answer.thoughts.join('') }],
    });
  if (answer.pieces.length > 0) {
    const item = { type: 'message', role: 'assistant', id: `m_${id}` };
    const at = { item_id: item.id, output_index: output.length, content_index: 0 };
    say('response.output_item.added', { output_index: output.length, item: { ...item, content: [] } });
    for (const { text, afterMs } of answer.pieces) {
      if (afterMs > 0) await sleep(afterMs);
      if (response.destroyed) return;
      say('response.output_text.delta', { ...at, delta: text });
    }
    const text = answer.pieces.map((piece) => piece.text).join('');
    done({ ...item, content: [{ type: 'output_text', text }] });
  }
  if (answer.tool !== undefined)
    done({
      type: 'function_call',
      id: `fc_${id}`,
      call_id: `call_${id}`,
      name: answer.tool.name,
      arguments: argumentsOf(answer.tool),
    });
  const usage = {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 15,
  };
  say('response.completed', { response: { ...head, status: 'completed', output, usage } });
  response.end();
};
