// What can go wrong between us and a gateway, and the failure that each fault is. By code and details.code, never by text.
import { MeshError, failure, type ErrorCode, type Failure } from '#machines/nouns/error';
import type { WireError } from './frames.ts';

/** The gateway refused a request. */
export class GatewayRefusal extends Error {
  readonly method: string;
  readonly error: WireError;

  constructor(method: string, error: WireError) {
    super(error.message === '' ? `${method} was refused (${error.code})` : error.message);
    this.method = method;
    this.error = error;
  }

  /** `details.code`, which says more than `code`. */
  get detail(): string {
    return this.error.details?.code ?? '';
  }
}

/** The connection could not be made, or broke: the gateway may go on with what it has. */
export class LineLost extends Error {
  constructor(gateway: string, why: string) {
    super(`${new URL(gateway).host} ${why}`);
  }
}

/** What answers does not speak the protocol. */
export class NotAGateway extends Error {}

/** As OpenClaw writes them; nothing else is put into a command that a person is told to type. */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The command that lets our device in, when that is what the refusal asks for. */
export const pairingCommand = (error: unknown): string | null => {
  if (!(error instanceof GatewayRefusal) || error.detail !== 'PAIRING_REQUIRED') return null;
  const { requestId } = (error.error.details ?? {}) as { readonly requestId?: unknown };
  return typeof requestId === 'string' && REQUEST_ID.test(requestId)
    ? `openclaw devices approve ${requestId}`
    : 'openclaw devices list';
};

/** details.code of a connect that the right credential cures. */
const CREDENTIAL = /^(AUTH_|DEVICE_|AUTHENTICATED_PROFILE_|MISSING_SCOPE$)/;
/** Those of them that time cures. */
const PASSING = new Set(['AUTH_RATE_LIMITED', 'AUTHENTICATED_PROFILE_UNAVAILABLE']);

/** Whether the gateway knows our device’s token no longer: it was revoked, or pairing was undone. */
export const isTokenRefused = (error: unknown): boolean =>
  error instanceof GatewayRefusal &&
  ['AUTH_DEVICE_TOKEN_MISMATCH', 'AUTH_TOKEN_MISMATCH', 'AUTH_SCOPE_MISMATCH'].includes(error.detail);

/** How long the gateway asks to wait before the next try; null when trying again does not help. */
export const retryAfter = (error: unknown): number | null => {
  if (error instanceof LineLost) return 0;
  if (!(error instanceof GatewayRefusal)) return null;
  const { code, retryAfterMs = 500 } = error.error;
  return code === 'UNAVAILABLE' ? retryAfterMs : null;
};

const refusalCode = ({ error, detail }: GatewayRefusal): { code: ErrorCode; isFinal: boolean } => {
  if (detail === 'PROTOCOL_MISMATCH' || detail === 'CLIENT_VERSION_MISMATCH')
    return { code: 'invalid_agent_response', isFinal: true };
  if (CREDENTIAL.test(detail) || error.code === 'FORBIDDEN')
    return { code: 'auth', isFinal: !PASSING.has(detail) };
  if (error.code === 'UNAVAILABLE') return { code: 'agent_unreachable', isFinal: false };
  if (error.code === 'INVALID_REQUEST') return { code: 'agent_rejected', isFinal: true };
  return { code: 'agent_failed', isFinal: error.retryable === false };
};

/** The failure that an error is. Errors that are none of the gateway’s are thrown on by whoever calls this. */
export const toFailure = (error: unknown): Failure | null => {
  if (error instanceof MeshError) {
    const { remedy } = error.extra;
    return failure(error.code, error.detail, typeof remedy === 'string' ? remedy : undefined);
  }
  if (error instanceof LineLost) return failure('agent_unreachable', error.message);
  if (error instanceof NotAGateway) return failure('invalid_agent_response', error.message);
  if (!(error instanceof GatewayRefusal)) return null;
  const command = pairingCommand(error);
  if (command !== null)
    return failure(
      'auth',
      `The gateway does not know this device yet. On the gateway’s host, type: ${command}`,
      error.message,
    );
  const { code, isFinal } = refusalCode(error);
  const words = [error.error.code, error.detail].filter((word) => word !== '').join(' ');
  const base = failure(code, error.message, words === '' ? undefined : words);
  return isFinal ? { ...base, retryable: false } : base;
};
