// Agents of A2A 0.3 that write snake_case keys, `type` for `kind`, or leave ids out: their JSON is put right before the SDK
// reads it, and what they are sent carries both spellings.
import { createHash } from 'node:crypto';

type Bag = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Free-form values keep their keys: they are content, not protocol. */
const OPAQUE = new Set(['metadata', 'data', 'args', 'input', 'output']);

/** Deeper than this nothing of the protocol stands. */
const DEPTH = 32;

const camel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const camelKeys = (value: unknown, depth = 0): unknown => {
  if (depth > DEPTH) return value;
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

/** An id as the protocol has it; one that is missing, empty or of another type is made up or put into words. */
const text = (value: unknown, otherwise: () => string): string =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : otherwise();

const list = (value: unknown, fill: (each: unknown) => unknown): unknown[] =>
  Array.isArray(value) ? value.map(fill) : [];

const PART_KINDS = ['text', 'file', 'data'];

const fillPart = (value: unknown): unknown => {
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (!isObject(value)) return { kind: 'text', text: '' };
  const said = [value['kind'], value['type']].find((word) => PART_KINDS.includes(String(word)));
  const kind = said ?? ('text' in value ? 'text' : 'file' in value ? 'file' : 'data');
  if (kind === 'text') return { ...value, kind, text: text(value['text'], () => '') };
  if (kind === 'file') return { ...value, kind, file: isObject(value['file']) ? value['file'] : {} };
  return { ...value, kind, data: value['data'] ?? {} };
};

const fillMessage = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  return {
    ...value,
    kind: 'message',
    role: value['role'] === 'user' ? 'user' : 'agent',
    parts: list(value['parts'], fillPart),
    messageId: text(value['messageId'], () => idOf(value)),
  };
};

const fillArtifact = (value: unknown): unknown => {
  if (!isObject(value)) return { artifactId: idOf(value), parts: [] };
  const artifactId = text(value['artifactId'], () => text(value['name'], () => 'artifact'));
  return { ...value, parts: list(value['parts'], fillPart), artifactId };
};

/** `Input_Required`, `TASK_STATE_CANCELLED` and the like in the words of 0.3. */
const stateOf = (value: unknown): string => {
  const word = (typeof value === 'string' ? value : 'unknown')
    .toLowerCase()
    .replace(/^task_state_/, '')
    .replaceAll('_', '-');
  return word === 'cancelled' ? 'canceled' : word;
};

const fillStatus = (value: unknown): unknown => {
  if (typeof value === 'string') return { state: stateOf(value) };
  if (!isObject(value)) return { state: 'unknown' };
  // Some say why a task failed in `error` instead of a message, and some write the message as plain text.
  const said = [value['message'], value['error']].find((each) => each !== undefined && each !== null);
  const message = typeof said === 'string' ? { role: 'agent', parts: [{ kind: 'text', text: said }] } : said;
  return {
    ...value,
    state: stateOf(value['state']),
    ...(isObject(message) && Array.isArray(message['parts'])
      ? { message: fillMessage(message) }
      : { message: undefined }),
  };
};

/** In the metadata of a status update: the agent goes on by itself, whatever the state says. */
const GOES_ON = 'agentmesh.goes_on';

/**
 * An update that says it is not the last of its turn. 1.0 has no such word, and the SDK leaves it out; Gemini’s server
 * says `input-required` for as long as a tool runs that somebody allowed.
 */
const goingOn = ({ final, metadata }: Bag): object =>
  final === false ? { metadata: { ...(isObject(metadata) ? metadata : {}), [GOES_ON]: true } } : {};

/** Whether the metadata of a status update says so. */
export const goesOn = (metadata: unknown): boolean => isObject(metadata) && metadata[GOES_ON] === true;

/** What a result is stands in its shape; what it says of its kind may be spelled in any way. */
const fillResult = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  if (Array.isArray(value['parts']) && 'role' in value) return fillMessage(value);
  if ('artifact' in value) {
    return { ...value, kind: 'artifact-update', artifact: fillArtifact(value['artifact']) };
  }
  if (!('status' in value)) return value;
  const filled = { ...value, status: fillStatus(value['status']) };
  if ('taskId' in value) return { ...filled, kind: 'status-update', ...goingOn(value) };
  const id = text(value['id'], () => '');
  return {
    ...filled,
    kind: 'task',
    id,
    contextId: text(value['contextId'], () => id),
    artifacts: list(value['artifacts'], fillArtifact),
    history: list(value['history'], fillMessage),
  };
};

/** An answer belongs to its request when the id is the same in another type, or when it has none at all. */
const sameId = (answered: unknown, asked: unknown): unknown => {
  if (asked === undefined) return answered;
  const isMissing = answered === undefined || answered === null || answered === '';
  const word = (id: unknown): string => (typeof id === 'string' ? id : JSON.stringify(id));
  return isMissing || word(answered) === word(asked) ? asked : answered;
};

/** An answer of an 0.3 agent by JSON-RPC as the specification would have it. `id` is that of the request. */
export const straighten = (value: unknown, id?: unknown): unknown => {
  if (!isObject(value)) return value;
  const isEnvelope = 'jsonrpc' in value || (id !== undefined && ('result' in value || 'error' in value));
  if (!isEnvelope) {
    const result = fillResult(camelKeys(value));
    return id === undefined ? result : { jsonrpc: '2.0', id, result };
  }
  const { result, error, ...rest } = value;
  const answeredId = sameId(value['id'], id);
  const answer = { ...rest, jsonrpc: '2.0', ...(answeredId === undefined ? {} : { id: answeredId }) };
  if (error !== undefined && error !== null) {
    const told = typeof error === 'string' ? { code: -32_000, message: error } : error;
    return { ...answer, error: told };
  }
  return { ...answer, result: fillResult(camelKeys(result)) };
};

/** In the metadata of an artifact update: it goes on with the artifact. */
const APPENDS = 'agentmesh.append';

/**
 * An item of an 0.3 stream by HTTP+JSON. The SDK’s reader of that form leaves `append` out (1.3.0), so that it is said
 * again where it survives.
 */
export const keepAppend = (value: unknown): unknown => {
  const update = isObject(value) ? (value['artifactUpdate'] ?? value['artifact_update']) : null;
  if (!isObject(value) || !isObject(update) || update['append'] !== true) return value;
  const metadata = isObject(update['metadata']) ? update['metadata'] : {};
  return { ...value, artifactUpdate: { ...update, metadata: { ...metadata, [APPENDS]: true } } };
};

/** Whether an artifact update goes on with its artifact. */
export const appends = ({
  append,
  metadata,
}: {
  readonly append: boolean;
  readonly metadata: unknown;
}): boolean => append || (isObject(metadata) && metadata[APPENDS] === true);

/** Whether a card is of a time before 1.0. */
const isOldCard = (card: unknown): card is Bag => isObject(card) && !('supportedInterfaces' in card);

/** Whether an agent writes its card in snake_case: it is then sent both spellings, and told the task’s id. */
export const speaksSnake = (card: unknown): boolean =>
  isOldCard(card) && Object.keys(card).some((key) => /[a-z]_[a-z]/.test(key));

/** A card of an 0.3 agent with its keys put right and what the SDK cannot do without filled in; other cards stay. */
export const straightenCard = (card: unknown): unknown => {
  if (!isOldCard(card)) return card;
  const straight = camelKeys(card);
  if (!isObject(straight)) return straight;
  return {
    ...straight,
    capabilities: isObject(straight['capabilities']) ? straight['capabilities'] : {},
    defaultInputModes: straight['defaultInputModes'] ?? ['text'],
    defaultOutputModes: straight['defaultOutputModes'] ?? ['text'],
    skills: list(straight['skills'], (skill) =>
      isObject(skill) ? { ...skill, tags: Array.isArray(skill['tags']) ? skill['tags'] : [] } : skill,
    ),
  };
};

/**
 * A JSON-RPC request for an agent that speaks snake_case: ids in both spellings, and the id that the task shall have
 * (`params.id`), so that the task can be found again before the first answer. Anything else stays as it is.
 */
export const inBothSpellings = (body: unknown): unknown => {
  if (!isObject(body) || !isObject(body['params']) || !isObject(body['params']['message'])) return body;
  const message = body['params']['message'];
  const taskId = text(message['taskId'], () => text(message['contextId'], () => ''));
  return {
    ...body,
    params: {
      ...body['params'],
      ...(taskId === '' ? {} : { id: taskId }),
      message: {
        ...message,
        message_id: message['messageId'],
        context_id: message['contextId'],
        ...(message['taskId'] === undefined ? {} : { task_id: message['taskId'] }),
      },
    },
  };
};
