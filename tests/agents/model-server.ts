// The model of the lanes: a server on loopback that speaks the protocols of model providers and follows the script.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { answerMessages } from './anthropic-messages.ts';
import { answerChat, ChatRequestSchema } from './chat-completions.ts';
import { answerGenerate } from './google-generate.ts';
import { answerResponses } from './openai-responses.ts';

/** Answers a request of one protocol; `body` is its JSON. */
type Speak = (body: unknown, response: ServerResponse, id: string, path: string) => Promise<void>;

/** What a path looks like -> protocol: another one is another line. */
const PROTOCOLS: readonly (readonly [RegExp, Speak])[] = [
  [
    /^\/v1\/chat\/completions$/,
    (body, response, id) => answerChat(ChatRequestSchema.parse(body), response, id),
  ],
  [/^\/v1\/messages$/, answerMessages],
  [/^\/v1\/responses$/, answerResponses],
  [/^\/v1beta\/models\/[\w.-]+:\w+$/, answerGenerate],
];

export interface ModelServer {
  readonly url: string;
  /** How many requests are being answered now: a program that was cancelled has hung up. */
  readonly open: () => number;
  readonly asked: () => number;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export const startModelServer = async (): Promise<ModelServer> => {
  let open = 0;
  let asked = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const speak = PROTOCOLS.find(([path]) => path.test(pathname))?.[1];
    if (speak === undefined) {
      response.writeHead(404).end();
      return;
    }
    asked += 1;
    open += 1;
    response.once('close', () => (open -= 1));
    await speak(JSON.parse(await text(request)), response, String(asked), pathname);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(JSON.stringify({ error: { message: String(error) } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    open: () => open,
    asked: () => asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
