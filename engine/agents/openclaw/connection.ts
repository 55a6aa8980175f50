// One authenticated connection to a gateway: requests with their answers, events to whoever listens, a line that is watched.
import { MeshError } from '#machines/nouns/error';
import type { Ports, Reach } from '../../ports.ts';
import { GatewayRefusal, LineLost, NotAGateway } from './faults.ts';
import { ChallengeSchema, FrameSchema, HelloSchema, type Frame, type Hello } from './frames.ts';
import { connectParams, type Challenge } from './handshake.ts';
import type { Device, DeviceToken } from './identity.ts';

/** From the first byte to hello-ok; OpenClaw itself gives up after about ten seconds. */
const HANDSHAKE_MS = 10_000;
/** A request that is only accepted, not worked off, is answered in well under this. */
const REQUEST_MS = 30_000;
/** The gateway says something at least each tick; after so many silent ones the line is dead. */
const SILENT_TICKS = 2.5;
const DEFAULT_TICK_MS = 30_000;

/** An event of the gateway: its name and payload. */
export type GatewayEvent = Extract<Frame, { type: 'event' }>;

export interface Connection {
  readonly hello: Hello;
  readonly isOpen: boolean;
  /** Throws GatewayRefusal, or LineLost when the line breaks before the answer. */
  request(method: string, params: unknown, onSent?: () => void): Promise<unknown>;
  close(): void;
}

interface Pending {
  readonly method: string;
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly forget: () => void;
}

export interface ConnectionOptions {
  readonly ports: Pick<Ports, 'clock' | 'net'>;
  /** http: or https: address. */
  readonly gateway: string;
  readonly reach: Reach;
  readonly device: Device;
  readonly credential: DeviceToken;
  readonly signal?: AbortSignal;
  readonly onEvent: (event: GatewayEvent) => void;
  /** Once, when a connection that was made is no more. */
  readonly onClose: () => void;
}

const parse = (data: unknown): Frame | null => {
  if (typeof data !== 'string') return null;
  try {
    const parsed = FrameSchema.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
};

/**
 * Connects and authenticates.
 * @throws LineLost, GatewayRefusal (with the code of the refusal), NotAGateway, MeshError address_refused
 */
export const openConnection = async (options: ConnectionOptions): Promise<Connection> => {
  const { ports, gateway, reach, device, credential, signal, onEvent, onClose } = options;
  const { clock, net } = ports;
  const socket = await net.webSocket(gateway, { reach }).catch((error: unknown) => {
    throw error instanceof MeshError ? error : new LineLost(gateway, `cannot be found (${String(error)})`);
  });
  const pending = new Map<string, Pending>();
  let requests = 0;
  let hello: Hello | null = null;
  let isOpen = false;
  let stopWatching = (): void => undefined;

  const request = (method: string, params: unknown, onSent?: () => void): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) {
        reject(new LineLost(gateway, 'is no longer connected'));
        return;
      }
      requests += 1;
      const id = String(requests);
      const forget = clock.after(REQUEST_MS, () => {
        pending.delete(id);
        reject(new LineLost(gateway, `did not answer ${method}`));
      });
      pending.set(id, { method, resolve, reject, forget });
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
      onSent?.();
    });

  const answered = (frame: Extract<Frame, { type: 'res' }>): void => {
    const asked = pending.get(frame.id);
    if (asked === undefined) return;
    pending.delete(frame.id);
    asked.forget();
    if (frame.ok) asked.resolve(frame.payload);
    else asked.reject(new GatewayRefusal(asked.method, frame.error ?? { code: '', message: '' }));
  };

  /** Closes the line when the gateway has been silent for too long: TCP alone may not notice for hours. */
  const watch = (): void => {
    stopWatching();
    const tick = hello?.policy.tickIntervalMs ?? DEFAULT_TICK_MS;
    stopWatching = clock.after(tick * SILENT_TICKS, () => {
      socket.close();
      lose('has been silent for too long');
    });
  };

  const lose = (why: string): void => {
    const wasOpen = isOpen;
    isOpen = false;
    stopWatching();
    for (const { reject, forget } of pending.values()) {
      forget();
      reject(new LineLost(gateway, why));
    }
    pending.clear();
    if (wasOpen) onClose();
  };

  return new Promise((resolve, reject) => {
    const end = (): void => {
      forgetLimit();
      signal?.removeEventListener('abort', giveUp);
    };
    const fail = (error: Error): void => {
      end();
      socket.close();
      reject(error);
    };
    const giveUp = (): void => {
      fail(new LineLost(gateway, 'did not answer in time'));
    };
    const forgetLimit = clock.after(HANDSHAKE_MS, giveUp);
    signal?.addEventListener('abort', giveUp);
    if (signal?.aborted === true) giveUp();

    const greet = async (challenge: Challenge): Promise<void> => {
      const params = await connectParams(device, challenge, credential, process.platform);
      const parsed = HelloSchema.safeParse(await request('connect', params));
      if (!parsed.success) throw new NotAGateway(`${new URL(gateway).host} greets in another protocol`);
      hello = parsed.data;
      isOpen = true;
      end();
      watch();
      resolve({
        hello,
        get isOpen() {
          return isOpen;
        },
        request,
        close() {
          socket.close();
          lose('was closed');
        },
      });
    };

    socket.addEventListener('message', ({ data }: MessageEvent) => {
      const frame = parse(data as unknown);
      if (frame === null) return;
      if (hello !== null) watch();
      if (frame.type === 'res') answered(frame);
      else if (hello !== null) onEvent(frame);
      else if (frame.event === 'connect.challenge') {
        const challenge = ChallengeSchema.safeParse(frame.payload);
        if (!challenge.success) fail(new NotAGateway(`${new URL(gateway).host} sends no challenge`));
        else greet(challenge.data).catch(fail);
      }
    });
    socket.addEventListener('close', () => {
      lose('closed the connection');
      if (hello === null) fail(new LineLost(gateway, 'does not answer as a gateway'));
    });
    // Always followed by close, which says the same.
    socket.addEventListener('error', () => undefined);
  });
};
