// What a message asks for: which team, with which inputs, on whose behalf. Nothing is guessed: what is not named is refused.
import type { Message, SendMessageRequest } from '@a2a-js/sdk';
import { ContentTypeNotSupportedError, RequestMalformedError } from '@a2a-js/sdk/errors';
import type { Engine } from '#engine/index';
import { OriginSchema, type Origin } from '#machines/nouns/origin';
import { ORIGIN_EXTENSION } from './card.ts';

export interface TeamAsk {
  readonly template: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

type Bag = Readonly<Record<string, unknown>>;
type Templates = Awaited<ReturnType<Engine['templates']['list']>>;

const bag = (value: unknown): Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {};

const malformed = (message: string): RequestMalformedError => new RequestMalformedError({ message });

const named = (...values: readonly unknown[]): string | null =>
  values.find((value): value is string => typeof value === 'string' && value !== '') ?? null;

/** The data parts of a message, and its texts joined. Throws for files: a team has no input that takes one. */
const contentOf = (message: Message): { readonly data: readonly Bag[]; readonly text: string } => {
  const data: Bag[] = [];
  const texts: string[] = [];
  for (const { content } of message.parts)
    if (content?.$case === 'text') texts.push(content.value);
    else if (content?.$case === 'data') data.push(bag(content.value));
    else
      throw new ContentTypeNotSupportedError({
        message: 'A team takes text and data parts; give a file by its URL or text in an input',
      });
  return { data, text: texts.join('\n').trim() };
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
 * object, or a text for the only input that must be given.
 * @throws RequestMalformedError (with what is there) and ContentTypeNotSupportedError
 */
export const readAsk = (
  params: SendMessageRequest,
  message: Message,
  templates: Templates,
  defaultTeam: string | null,
): TeamAsk => {
  const { data, text } = contentOf(message);
  if (text === '' && data.length === 0) throw malformed('message.parts holds neither text nor data');
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
  const origin = readOrigin(message, data);
  const given = asked?.['arguments'] ?? jsonObject(text);
  if (given !== undefined && given !== null) return { template: name, inputs: bag(given), origin };
  if (text === '' || Object.keys(template.inputs).length === 0) return { template: name, inputs: {}, origin };
  const input = textInput(template);
  if (input === null)
    throw malformed(
      `Skill ${name} takes more than one input (${Object.keys(template.inputs).join(', ')}): send them as a data part {"skill":"${name}","arguments":{…}}`,
    );
  return { template: name, inputs: { [input]: text }, origin };
};
