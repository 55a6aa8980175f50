// The only way out to an A2A agent: one origin, its credentials, no redirects, faults told apart, answers bounded.
import { MeshError } from '#machines/nouns/error-codes';
import { LIMITS } from '#machines/nouns/limits';
import type { Net, Reach } from '../../ports.ts';
import { inBothSpellings, keepAppend, straighten } from './dialect.ts';
import { ConnectionLost, Fault } from './faults.ts';
import { masking } from './mask.ts';

export interface GuardOptions {
  readonly net: Net;
  /** The origin that may be talked to, and that the credentials belong to. */
  readonly origin: string;
  readonly reach: Reach;
  /** What shows the agent who we are; empty when there is nothing to show. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Whether answers come as in 0.3, and by which binding. */
  readonly legacy: 'JSONRPC' | 'HTTP+JSON' | null;
  /** Whether the agent writes snake_case. */
  readonly isSnake: boolean;
  /** Called when the agent has answered a request that starts work. */
  readonly onSent?: () => void;
}

/** Reads a body piece by piece, with breaks of the connection as ConnectionLost and at most `limit` bytes. */
async function* readBody(response: Response, origin: string, limit: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  const chunks = response.body;
  if (chunks === null) return;
  try {
    for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
      read += chunk.byteLength;
      if (read > limit)
        throw new Fault('invalid_agent_response', `The answer is over ${String(limit)} bytes`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Fault || (error instanceof Error && error.name === 'AbortError')) throw error;
    throw new ConnectionLost(origin, error);
  }
}

/** Puts one JSON value of an 0.3 agent right; what is no JSON stays. */
type Mend = (text: string) => string;

/** What needs no mending. */
const same: Mend = (text) => text;

const mending =
  (mend: (value: unknown) => unknown): Mend =>
  (text) => {
    try {
      return JSON.stringify(mend(JSON.parse(text)));
    } catch {
      return text;
    }
  };

/** An agent that answers a request for a stream with one JSON result: a stream of one. */
const isLoneResult = (text: string, accepts: string | null): boolean => {
  if (accepts?.includes('text/event-stream') !== true) return false;
  try {
    return 'result' in (JSON.parse(text) as object);
  } catch {
    return false;
  }
};

/** Puts each `data:` line of a stream right; agents write one JSON object a line. */
async function* mendStream(body: AsyncIterable<Uint8Array>, mend: Mend): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  /** Pieces of a line that has no end yet: joined once, when it has. */
  let open: string[] = [];
  let length = 0;
  const fix = (line: string): string =>
    line.startsWith('data:') ? `data: ${mend(line.slice(5).trim())}` : line;
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n');
    length = end < 0 ? length + text.length : text.length - end;
    if (length > LIMITS.artifactBytes)
      throw new Fault('invalid_agent_response', 'A line of the stream has no end');
    if (end < 0) {
      open.push(text);
      continue;
    }
    const lines = (open.join('') + text.slice(0, end)).split('\n');
    open = [text.slice(end + 1)];
    yield encoder.encode(`${lines.map(fix).join('\n')}\n`);
  }
  const rest = open.join('');
  if (rest !== '') yield encoder.encode(fix(rest));
}

const requestId = (body: unknown): unknown => {
  try {
    const parsed: unknown = typeof body === 'string' ? JSON.parse(body) : null;
    return typeof parsed === 'object' && parsed !== null && 'id' in parsed ? parsed.id : undefined;
  } catch {
    return undefined;
  }
};

const isSend = (url: string, body: unknown): boolean =>
  /\/message:(send|stream)$/.test(url) ||
  (typeof body === 'string' && /"method":"(Send(Streaming)?Message|message\/(send|stream))"/.test(body));

const TRY_LATER = [429, 502, 503, 504];

const spelled = (body: string, isSnake: boolean): string =>
  isSnake ? JSON.stringify(inBothSpellings(JSON.parse(body))) : body;

/** A fetch for the SDK that keeps the rules above. */
export const guardedFetch = (options: GuardOptions): typeof fetch => {
  const { net, origin, reach, credentials, legacy } = options;
  return async (input, init) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    if (new URL(url).origin !== origin)
      throw new Fault('auth', `${url} is not at the agent’s own origin ${origin}`);
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(credentials)) headers.set(name, value);
    const body = typeof init?.body === 'string' ? init.body : null;
    let response: Response;
    try {
      response = await net.fetch(url, {
        reach,
        method: init?.method ?? 'GET',
        headers,
        signal: init?.signal ?? null,
        ...(body === null ? {} : { body: spelled(body, options.isSnake) }),
        // Streams and long answers are bounded below, and ended by the signal.
        maxBytes: Number.MAX_SAFE_INTEGER,
        timeoutMs: null,
      });
    } catch (error) {
      if (init?.signal?.aborted === true) throw error;
      if (error instanceof MeshError) throw new Fault(error.code, error.detail);
      throw new ConnectionLost(origin, error);
    }
    const { status } = response;
    const refuse = async (fault: Fault): Promise<never> => {
      await response.body?.cancel();
      throw fault;
    };
    if (status === 401 || status === 403) {
      const what =
        Object.keys(credentials).length === 0
          ? 'asks for a credential and none is kept for it'
          : 'did not accept the credential';
      return refuse(new Fault('auth', `The agent at ${origin} ${what}`));
    }
    if (status >= 300 && status < 400) {
      return refuse(
        new Fault(
          'invalid_agent_response',
          `The agent at ${origin} redirects its calls, which is not followed`,
        ),
      );
    }
    if (status === 413) {
      return refuse(
        new Fault('agent_rejected', `The agent at ${origin} does not take a request of this size`),
      );
    }
    if (TRY_LATER.includes(status)) {
      return refuse(new ConnectionLost(origin, new Error(`it answered ${String(status)}`)));
    }
    if (isSend(url, init?.body)) options.onSent?.();
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const bytes = readBody(response, origin, isStream ? Number.MAX_SAFE_INTEGER : 2 * LIMITS.artifactBytes);
    const id = requestId(init?.body);
    const kept = { status, statusText: response.statusText, headers: response.headers };
    const hide = masking(credentials);
    const mend =
      legacy === 'JSONRPC'
        ? mending((value) => straighten(value, id))
        : legacy === null
          ? same
          : mending(keepAppend);
    const fix: Mend = (text) => mend(hide(text));
    if (isStream) {
      const isAsItIs = legacy === null && Object.keys(credentials).length === 0;
      return new Response(ReadableStream.from(isAsItIs ? bytes : mendStream(bytes, fix)), kept);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    if (legacy !== 'JSONRPC') return new Response(hide(text), kept);
    const straight = fix(text);
    return response.ok && isLoneResult(straight, headers.get('accept'))
      ? new Response(`data: ${straight}\n\n`, { status, headers: { 'content-type': 'text/event-stream' } })
      : new Response(straight, kept);
  };
};
