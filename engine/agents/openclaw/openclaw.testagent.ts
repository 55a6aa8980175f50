// A gateway that speaks protocol 4 as OpenClaw 2026.9.6 does, for tests: strict about who connects, with a ledger of its
// runs. argv: folder of the ledger, and options as JSON. Prints {"port"} when it listens.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { verifyAsync } from '@noble/ed25519';
import { WebSocketServer, type WebSocket } from 'ws';
import { FakeRun, type Stage } from './gateway-run.testagent.ts';

export interface GatewayOptions {
  readonly token: string;
  /** Devices wait for somebody who approves them, as on a LAN. */
  readonly isPairingByHand?: boolean;
  /** So many connects are refused with UNAVAILABLE first, as while it starts. */
  readonly startingConnects?: number;
  readonly agents?: readonly string[];
  readonly port?: number;
}

type Json = Record<string, unknown>;
class Refused extends Error {
  readonly error: Json;
  constructor(code: string, message: string, details: Json = {}) {
    super(message);
    this.error = { code, message, details };
  }
}

const [folder = '', optionText = '{}'] = process.argv.slice(2);
const options = JSON.parse(optionText) as GatewayOptions;
const agents = options.agents ?? ['main'];

const paired = new Map<string, string>();
const pending = new Map<string, string>();
const runs = new Map<string, FakeRun>();
const subscribers = new Map<string, Set<WebSocket>>();
const approvals = new Map<string, { row: Json; resolve: (decision: string) => void }>();
const operators = new Set<WebSocket>();
let starting = options.startingConnects ?? 0;
let connects = 0;

const send = (socket: WebSocket, frame: Json): void => {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
};
const broadcast = (event: string, payload: Json): void => {
  for (const socket of operators) send(socket, { type: 'event', event, payload });
};

const stage: Stage = {
  tell(run, event, payload, isForBeginner = false) {
    const others = isForBeginner ? [] : (subscribers.get(run.sessionKey) ?? []);
    for (const socket of new Set([run.beginner as WebSocket, ...others]))
      send(socket, { type: 'event', event, payload });
  },
  ask(run, command, toolCallId) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const id = randomUUID();
    const { sessionKey, key: runId } = run;
    const request = { command, cwd: '/home/user/openclaw', host: 'gateway', agentId: 'main' };
    const row = { id, approvalKind: 'exec', request: { ...request, sessionKey, runId, toolCallId } };
    const times = { createdAtMs: Date.now(), expiresAtMs: Date.now() + 1_800_000 };
    approvals.set(id, { row: { ...row, ...times }, resolve });
    broadcast('exec.approval.requested', { ...row, ...times });
    run.stop.signal.addEventListener('abort', () => settle(id, 'deny'));
    return promise;
  },
};

const settle = (id: string, decision: string): void => {
  const asked = approvals.get(id);
  if (asked === undefined) return;
  approvals.delete(id);
  broadcast('exec.approval.resolved', { id, decision, resolvedBy: 'agentmesh', ts: Date.now() });
  asked.resolve(decision);
};

/** Everything that OpenClaw checks before hello-ok. */
const authenticate = async (params: Json, nonce: string, ts: number): Promise<Json> => {
  const { device, client, auth, role, scopes } = params as {
    device?: { id: string; publicKey: string; signature: string; signedAt: number; nonce: string };
    client: { id: string; mode: string; platform: string };
    auth: { token?: string };
    role: string;
    scopes: string[];
  };
  if (starting > 0) {
    starting -= 1;
    const error = new Refused('UNAVAILABLE', 'gateway starting', { reason: 'startup-sidecars' });
    error.error['retryAfterMs'] = 20;
    throw error;
  }
  if (device === undefined)
    throw new Refused('INVALID_REQUEST', 'device', { code: 'DEVICE_IDENTITY_REQUIRED' });
  const key = new Uint8Array(Buffer.from(device.publicKey, 'base64url'));
  const token = auth.token ?? '';
  const signed = [
    'v3', device.id, client.id, client.mode, role, scopes.join(','), String(ts), token, nonce, client.platform, '',
  ].join('|'); // prettier-ignore
  const isSigned = await verifyAsync(Buffer.from(device.signature, 'base64url'), Buffer.from(signed), key);
  if (!isSigned || device.nonce !== nonce || device.signedAt !== ts)
    throw new Refused('INVALID_REQUEST', 'device signature invalid', {
      code: 'DEVICE_AUTH_SIGNATURE_INVALID',
    });
  if (createHash('sha256').update(key).digest('hex') !== device.id)
    throw new Refused('INVALID_REQUEST', 'device', { code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH' });
  const known = paired.get(device.id);
  if (token === '') throw new Refused('INVALID_REQUEST', 'token missing', { code: 'AUTH_TOKEN_MISSING' });
  if (token !== options.token && token !== known)
    throw new Refused('INVALID_REQUEST', 'unauthorized: gateway token mismatch', {
      code: 'AUTH_TOKEN_MISMATCH',
      recommendedNextStep: 'update_auth_credentials',
    });
  if (known === undefined && options.isPairingByHand === true) {
    const requestId = pending.get(device.id) ?? randomUUID();
    pending.set(device.id, requestId);
    const details = { code: 'PAIRING_REQUIRED', reason: 'not-paired', requestId };
    throw new Refused('NOT_PAIRED', 'pairing required: device is not approved yet', details);
  }
  const deviceToken = known ?? randomBytes(24).toString('base64url');
  paired.set(device.id, deviceToken);
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '2026.9.6', connId: randomUUID() },
    features: { methods: [], events: [] },
    auth: { method: token === known ? 'device-token' : 'token', role, scopes, deviceToken },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
  };
};

const strOf = (params: Json, name: string): string => {
  const value = params[name];
  if (typeof value !== 'string') throw new Refused('INVALID_REQUEST', `at /${name}: must be string`);
  return value;
};

/** OpenClaw’s chat obeys such words instead of handing them to the agent. */
const isStopWord = (message: string): boolean => /^(stop|please stop|停止)\W*$/iu.test(message.trim());
const isCommand = (message: string): boolean => /(?<!\S)\/[^\s/:]+(?=$|[\s:])/u.test(message);

const METHODS: Record<string, (params: Json, socket: WebSocket) => unknown> = {
  'agents.list': () => ({ defaultId: agents[0], mainKey: 'main', agents: agents.map((id) => ({ id })) }),
  health: () => ({ ok: true, ts: Date.now() }),
  'chat.send': (params, socket) => {
    const [sessionKey, key, message] = ['sessionKey', 'idempotencyKey', 'message'].map((name) =>
      strOf(params, name),
    );
    const prompt = (message ?? '').replaceAll('\u2060', '');
    if (isStopWord(message ?? '')) return { ok: true, aborted: false, runIds: [] };
    if (isCommand(message ?? '')) throw new Refused('INVALID_REQUEST', 'a command was obeyed');
    const known = runs.get(key ?? '');
    if (known !== undefined) return { runId: key, status: known.end === null ? 'in_flight' : 'ok' };
    const run = new FakeRun(stage, folder, key ?? '', sessionKey ?? '', prompt, socket);
    runs.set(run.key, run);
    setImmediate(() => void run.play());
    return { runId: key, status: 'started' };
  },
  'chat.abort': (params) => {
    const run = runs.get(strOf(params, 'runId'));
    if (run === undefined || run.end !== null) return { ok: true, aborted: false, runIds: [] };
    run.abort();
    return { ok: true, aborted: true, runIds: [run.key] };
  },
  'chat.history': (params) => {
    const sessionKey = strOf(params, 'sessionKey');
    const found = [...runs.values()].filter((run) => run.sessionKey === sessionKey);
    const live = found.find((run) => run.end === null);
    const messages = found.flatMap((run) => run.history());
    const inFlightRun = live && { runId: live.key, text: live.text, sessionAbortable: true };
    return { sessionKey, messages, ...(inFlightRun === undefined ? {} : { inFlightRun }) };
  },
  'agent.wait': (params) =>
    runs.get(strOf(params, 'runId'))?.end ?? { runId: params['runId'], status: 'timeout' },
  'sessions.messages.subscribe': (params, socket) => {
    const key = strOf(params, 'key');
    subscribers.set(key, (subscribers.get(key) ?? new Set()).add(socket));
    return { subscribed: true, key };
  },
  'exec.approval.list': () => [...approvals.values()].map(({ row }) => row),
  'exec.approval.resolve': (params) => {
    const id = strOf(params, 'id');
    if (!approvals.has(id)) throw new Refused('INVALID_REQUEST', 'unknown or expired approval id');
    settle(id, strOf(params, 'decision'));
    return { ok: true };
  },
};

const attend = (socket: WebSocket): void => {
  const nonce = randomUUID();
  const ts = Date.now();
  let isOperator = false;
  send(socket, { type: 'event', event: 'connect.challenge', payload: { nonce, ts } });
  const answer = async ({ method, params }: { method: string; params: Json }): Promise<unknown> => {
    if (!isOperator) {
      if (method !== 'connect') throw new Refused('INVALID_REQUEST', 'first frame must be connect');
      const hello = await authenticate(params, nonce, ts);
      isOperator = true;
      connects += 1;
      operators.add(socket);
      return hello;
    }
    const known = METHODS[method];
    if (known === undefined) throw new Refused('INVALID_REQUEST', `unknown method: ${method}`);
    return known(params, socket);
  };
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as { id: string; method: string; params: Json };
    answer(frame).then(
      (payload) => {
        send(socket, { type: 'res', id: frame.id, ok: true, payload });
      },
      (error: unknown) => {
        const wire = error instanceof Refused ? error.error : { code: 'INTERNAL', message: String(error) };
        send(socket, { type: 'res', id: frame.id, ok: false, error: wire });
        if (!isOperator) socket.close(1008, 'refused');
      },
    );
  });
  socket.on('close', () => operators.delete(socket));
};

/** What a test does to the gateway besides speaking with it. */
const CONTROLS: Record<string, (body: Json) => unknown> = {
  '/test/approve': () => {
    for (const id of pending.keys()) paired.set(id, randomBytes(24).toString('base64url'));
    pending.clear();
  },
  '/test/revoke': () => {
    paired.clear();
  },
  '/test/cut': () => {
    for (const socket of operators) socket.terminate();
  },
  '/test/forget': () => {
    runs.clear();
  },
  '/test/resolve': ({ decision }) => {
    for (const id of approvals.keys()) settle(id, String(decision));
  },
  '/test/state': () => ({
    connects,
    open: operators.size,
    paired: paired.size,
    pending: [...pending.values()],
  }),
};

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const control = CONTROLS[request.url ?? ''];
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  response.setHeader('content-type', 'application/json');
  if (request.url === '/readyz') response.end('{"ready":true,"failing":[]}');
  else if (control === undefined) response.writeHead(404).end('{}');
  else response.end(JSON.stringify(control(text === '' ? {} : (JSON.parse(text) as Json)) ?? {}));
};

const server = createServer((request, response) => void serve(request, response));
new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 26_214_400 }).on('connection', attend);
server.listen(options.port ?? 0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
