// What a message asks for: which team, with which inputs, on whose behalf. Nothing is guessed: what is not named is refused.
import type { Message, SendMessageRequest } from '@a2a-js/sdk';
import { ContentTypeNotSupportedError, RequestMalformedError } from '@a2a-js/sdk/errors';
import type { Engine } from '#engine/index';
import type { MeshFile } from '#machines/nouns/file';
import { LIMITS } from '#machines/nouns/limits';
import { type AskedMessage, type AskedPart, OriginSchema, type Origin } from '#machines/nouns/origin';
import { inputModesOf, ORIGIN_EXTENSION } from './card.ts';
import { askedPart } from './parts.ts';

export interface TeamAsk {
  readonly template: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
  /** Everything that came, for the agents. */
  readonly message: AskedMessage;
}

type Bag = Readonly<Record<string, unknown>>;
type Templates = Awaited<ReturnType<Engine['templates']['list']>>;

const bag = (value: unknown): Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {};

const malformed = (message: string): RequestMalformedError => new RequestMalformedError({ message });

const named = (...values: readonly unknown[]): string | null =>
  values.find((value): value is string => typeof value === 'string' && value !== '') ?? null;

interface Content {
  readonly data: readonly Bag[];
  readonly text: string;
  readonly files: readonly MeshFile[];
}

/** The data parts of a message, its texts joined, and its files. */
const contentOf = (message: Message): Content => {
  const parts = message.parts.map(askedPart);
  return {
    data: parts.flatMap((part) => ('data' in part ? [bag(part.data)] : [])),
    text: parts
      .flatMap((part) => ('text' in part ? [part.text] : []))
      .join('\n')
      .trim(),
    files: parts.flatMap((part) => ('file' in part ? [part.file] : [])),
  };
};

/** Whether a media type is one of those, or in a range of those (RFC 9110, section 12.5.1). */
const fits = (type: string, modes: readonly string[]): boolean =>
  modes.some((mode) => mode === '*/*' || mode === type || mode === type.replace(/\/.*$/, '/*'));

/**
 * A media type that the skill does not support MUST be refused (A2A 1.0, sections 3.1.1 and 3.3.2). A skill supports what
 * its card names; a file that does not say what it is counts as bytes (RFC 2046, section 4.5.1).
 */
const checkFiles = (files: readonly MeshFile[], skill: Templates[number]): void => {
  const modes = inputModesOf(skill);
  for (const { name, mime = 'application/octet-stream' } of files)
    if (!fits(mime.replace(/;.*$/s, '').trim().toLowerCase(), modes))
      throw new ContentTypeNotSupportedError({
        message: `Skill ${skill.name} takes ${modes.join(', ')}; ${name ?? 'a file'} is ${mime}`,
      });
};

/** Files may be large; everything else is bounded as in any other request, because each event and row of the run holds it. */
const checkSize = (kept: AskedMessage): void => {
  const parts = kept.parts.filter((part) => !('file' in part));
  if (Buffer.byteLength(JSON.stringify({ ...kept, parts })) > LIMITS.requestBodyBytes)
    throw malformed(
      `Texts, data and metadata have at most ${String(LIMITS.requestBodyBytes / 1024)} KiB together; send more as a file`,
    );
};

const jsonObject = (text: string): Bag | null => {
  if (!text.startsWith('{')) return null;
  try {
    return bag(JSON.parse(text));
  } catch {
    return null;
  }
};

/** The one input that a text can only be meant for: the only one without a default, else the only one there is. */
const textInput = (template: Templates[number]): string | null => {
  const all = Object.entries(template.inputs);
  const needed = all.filter(([, { default: fallback }]) => fallback === undefined);
  const [only] = needed.length === 0 ? all : needed;
  const isOnly = needed.length === 1 || (needed.length === 0 && all.length === 1);
  return isOnly && only?.[1].type === 'string' ? only[0] : null;
};

const readOrigin = (message: Message, data: readonly Bag[]): Origin => {
  const given =
    bag(message.metadata)[ORIGIN_EXTENSION] ??
    // The data part that goes with each call of a mesh carries the chain by itself.
    data.map(({ origin }) => (Array.isArray(origin) ? { chain: origin } : undefined)).find((each) => each);
  const parsed = OriginSchema.safeParse(given ?? {});
  if (!parsed.success) throw malformed(`${ORIGIN_EXTENSION} in the metadata is not understood`);
  return parsed.data;
};

/**
 * Reads a message. The skill is named by the tenant, by `skill` in the metadata of the message or the request, or in a
 * data part; else it is `defaultTeam`, or the only skill there is. Inputs are the `arguments` of that data part, a text that is a JSON
 * object, or a text for the only input that must be given. All of it is kept for the agents.
 * @throws RequestMalformedError (with what is there) and ContentTypeNotSupportedError
 */
export const readAsk = (
  params: SendMessageRequest,
  message: Message,
  templates: Templates,
  defaultTeam: string | null,
): TeamAsk => {
  const { data, text, files } = contentOf(message);
  if (text === '' && data.length === 0 && files.length === 0)
    throw malformed('message.parts holds no text, data or file');
  const asked = data.find(({ skill }) => typeof skill === 'string');
  const skills = templates.filter(({ problems }) => problems === 0);
  const name =
    named(params.tenant, bag(message.metadata)['skill'], bag(params.metadata)['skill'], asked?.['skill']) ??
    defaultTeam ??
    (skills.length === 1 ? (skills[0]?.name ?? null) : null);
  const known = skills.map((skill) => skill.name).join(', ');
  if (name === null)
    throw malformed(`Name the skill in message.metadata.skill; there are: ${known === '' ? 'none' : known}`);
  const template = skills.find((skill) => skill.name === name);
  if (template === undefined)
    throw malformed(`There is no skill ${name}; there are: ${known === '' ? 'none' : known}`);
  checkFiles(files, template);
  const origin = readOrigin(message, data);
  const kept: AskedMessage = {
    parts: message.parts.map(askedPart),
    metadata: bag(message.metadata),
    request_metadata: bag(params.metadata),
    reference_task_ids: [...message.referenceTaskIds],
  };
  checkSize(kept);
  const ask = (inputs: Bag, isUsed: (part: AskedPart) => boolean): TeamAsk => ({
    template: name,
    inputs,
    origin,
    message: {
      ...kept,
      parts: kept.parts.map((part) => (isUsed(part) && !('file' in part) ? { ...part, used: true } : part)),
    },
  });
  const isText = (part: AskedPart): boolean => 'text' in part;
  const args = asked?.['arguments'];
  if (args !== undefined && args !== null)
    return ask(bag(args), (part) => 'data' in part && bag(part.data)['arguments'] === args);
  const json = jsonObject(text);
  if (json !== null) return ask(json, isText);
  if (text === '' || Object.keys(template.inputs).length === 0) return ask({}, () => false);
  const input = textInput(template);
  if (input === null)
    throw malformed(
      `Skill ${name} takes more than one input (${Object.keys(template.inputs).join(', ')}): send them as a data part {"skill":"${name}","arguments":{…}}`,
    );
  return ask({ [input]: text }, isText);
};
