// Google’s generateContent API on loopback, spoken by the script: what Gemini’s server takes for its model.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelAnswer, type ModelTurn } from './model-script.ts';

const PartSchema = z.looseObject({
  text: z.string().optional(),
  functionResponse: z.looseObject({ response: z.looseObject({}).optional() }).optional(),
});
const RequestSchema = z.looseObject({
  contents: z.array(z.looseObject({ role: z.string().optional(), parts: z.array(PartSchema).optional() })),
  tools: z
    .array(z.looseObject({ functionDeclarations: z.array(z.looseObject({ name: z.string() })).optional() }))
    .optional(),
  generationConfig: z.looseObject({ responseMimeType: z.string().optional() }).optional(),
});
type Request = z.infer<typeof RequestSchema>;

/** What the server tells its model by itself, before the user’s words. */
const isOwn = (text: string): boolean => /^\s*(<session_context>|This is the Gemini CLI)/.test(text);

const turnOf = ({ contents, tools = [] }: Request): ModelTurn => {
  let prompt = '';
  let toolResult: string | null = null;
  for (const { role, parts = [] } of contents)
    for (const { text, functionResponse } of role === 'model' ? [] : parts) {
      if (functionResponse !== undefined) {
        const { output, error } = functionResponse.response ?? {};
        const said = output ?? error ?? functionResponse.response ?? '';
        toolResult = typeof said === 'string' ? said : JSON.stringify(said);
      } else if (text !== undefined && !isOwn(text)) {
        prompt = text;
        toolResult = null;
      }
    }
  return {
    prompt,
    toolResult,
    tools: tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name)),
  };
};

/** Answers to the questions that the server asks about a conversation, such as who speaks next. */
const VERDICT = { reasoning: 'asked by the lane', next_speaker: 'user', model_choice: 'flash' };

/**
 * Answers one request; `path` ends in the method, such as `:streamGenerateContent`. Stops when whoever asked hangs up.
 */
export const answerGenerate = async (
  body: unknown,
  response: ServerResponse,
  id: string,
  path: string,
): Promise<void> => {
  const json = (status: number, value: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (path.endsWith(':countTokens')) {
    json(200, { totalTokens: 10 });
    return;
  }
  const request = RequestSchema.parse(body);
  const chunk = (parts: readonly object[], finishReason?: string): object => ({
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts },
        ...(finishReason === undefined ? {} : { finishReason }),
      },
    ],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion: 'fake-1',
    responseId: `resp-${id}`,
  });
  if (request.generationConfig?.responseMimeType === 'application/json') {
    json(200, chunk([{ text: JSON.stringify(VERDICT) }], 'STOP'));
    return;
  }
  const answer = modelAnswer(turnOf(request));
  if (answer.fail !== undefined) {
    const status = answer.fail < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL';
    json(answer.fail, { error: { code: answer.fail, message: 'the model is broken', status } });
    return;
  }
  const call =
    answer.tool === undefined
      ? []
      : [{ functionCall: { id: `call_${id}`, name: answer.tool.name, args: answer.tool.args } }];
  if (!path.endsWith(':streamGenerateContent')) {
    const text = answer.pieces.map((piece) => piece.text).join('');
    json(200, chunk([...(text === '' ? [] : [{ text }]), ...call], 'STOP'));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const say = (value: object): void => void response.write(`data: ${JSON.stringify(value)}\r\n\r\n`);
  for (const text of answer.thoughts) say(chunk([{ text, thought: true }]));
  for (const { text, afterMs } of answer.pieces) {
    if (afterMs > 0) await sleep(afterMs);
    if (response.destroyed) return;
    say(chunk([{ text }]));
  }
  say(chunk(call.length > 0 ? call : [{ text: '' }], 'STOP'));
  response.end();
};
