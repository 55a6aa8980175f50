// Agents of A2A 0.3 that write snake_case keys or leave ids out: their JSON is put right before the SDK reads it.
import { createHash } from 'node:crypto';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Free-form values keep their keys: they are content, not protocol. */
const OPAQUE = new Set(['metadata', 'data', 'args', 'input', 'output']);

const camel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const camelKeys = (value: unknown, depth = 0): unknown => {
  if (depth > 32) return value;
  if (Array.isArray(value)) return value.map((each) => camelKeys(each, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      camel(key),
      OPAQUE.has(key) ? each : camelKeys(each, depth + 1),
    ]),
  );
};

const idOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);

const fillMessage = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  const role = value['role'] === 'user' ? 'user' : 'agent';
  const parts = Array.isArray(value['parts']) ? value['parts'] : [];
  return {
    kind: 'message',
    ...value,
    role,
    parts: parts.map(fillPart),
    messageId: value['messageId'] ?? idOf(value),
  };
};

const fillPart = (value: unknown): unknown => {
  if (!isObject(value) || typeof value['kind'] === 'string') return value;
  if (typeof value['type'] === 'string') return { ...value, kind: value['type'] };
  return { ...value, kind: 'text' in value ? 'text' : 'file' in value ? 'file' : 'data' };
};

const fillArtifact = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  const parts = Array.isArray(value['parts']) ? value['parts'] : [];
  return { ...value, parts: parts.map(fillPart), artifactId: value['artifactId'] ?? idOf(value) };
};

const fillStatus = (value: unknown): unknown => {
  if (!isObject(value)) return { state: 'unknown' };
  // Some say why a task failed in `error` instead of a message.
  const why =
    typeof value['error'] === 'string'
      ? { role: 'agent', parts: [{ kind: 'text', text: value['error'] }] }
      : undefined;
  const message = value['message'] ?? why;
  return { ...value, ...(message === undefined ? {} : { message: fillMessage(message) }) };
};

const fillResult = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  if (Array.isArray(value['parts']) && 'role' in value) return fillMessage(value);
  if ('artifact' in value)
    return { kind: 'artifact-update', ...value, artifact: fillArtifact(value['artifact']) };
  if (!('status' in value)) return value;
  const filled = { ...value, status: fillStatus(value['status']) };
  if ('taskId' in value) return { kind: 'status-update', ...filled };
  const list = (key: string, fill: (each: unknown) => unknown): unknown[] =>
    Array.isArray(value[key]) ? value[key].map(fill) : [];
  return {
    kind: 'task',
    contextId: value['id'],
    ...filled,
    artifacts: list('artifacts', fillArtifact),
    history: list('history', fillMessage),
  };
};

/** A JSON-RPC answer or bare result of an 0.3 agent, as the specification would have it. `id` is the request’s. */
export const straighten = (value: unknown, id?: unknown): unknown => {
  if (!isObject(value)) return value;
  if (!('jsonrpc' in value)) return fillResult(camelKeys(value));
  const { result, error, ...rest } = value;
  const answer = {
    ...rest,
    ...(id === undefined || value['id'] === undefined ? {} : { id: sameId(value['id'], id) }),
  };
  if (error !== undefined && error !== null) return { ...answer, error };
  return { ...answer, result: fillResult(camelKeys(result)) };
};

/** An id that came back as another JSON type is still the same id. */
const sameId = (answered: unknown, asked: unknown): unknown =>
  String(answered) === String(asked) ? asked : answered;

/** A card of an 0.3 agent with its keys put right; other cards stay as they are. */
export const straightenCard = (card: unknown): unknown =>
  isObject(card) && !('supportedInterfaces' in card) ? camelKeys(card) : card;
