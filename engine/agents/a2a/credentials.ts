// How an agent is shown who we are: the headers of its requests. They belong to it at its origin and go nowhere else.
import type { Target } from '../adapter.ts';
import { Fault } from './faults.ts';

type Bag = Readonly<Record<string, unknown>>;

const bag = (value: unknown): Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {};

/** Where an API key may go. */
export interface KeyPlace {
  readonly place: string;
  readonly name: string;
}

/** The API key schemes of a card: 1.0 {apiKeySecurityScheme:{location,name}}, 0.3 {type:'apiKey',in,name}. */
export const keyPlaces = (schemes: unknown): KeyPlace[] =>
  Object.values(bag(schemes)).flatMap((scheme) => {
    const inner = bag(scheme)['apiKeySecurityScheme'];
    const found = inner === undefined ? bag(scheme) : bag(inner);
    if (inner === undefined && found['type'] !== 'apiKey') return [];
    const place = found['location'] ?? found['in'];
    const { name } = found;
    return typeof place === 'string' && typeof name === 'string' ? [{ place, name }] : [];
  });

/** Where a key goes when neither the card nor a person says. */
const USUAL = 'x-api-key';

/** Headers that frame a request: no card may name one of them for a key. */
const FRAME =
  /^(?:host|connection|keep-alive|te|trailer|upgrade|expect|via|date|origin|referer|accept.*|content-.*|transfer-.*|proxy-.*|sec-.*|a2a-.*)$/i;

const keyHeader = (target: Target, schemes: unknown): Readonly<Record<string, string>> => {
  const { apiKey = null } = target.credential ?? {};
  if (apiKey === null) return {};
  if (apiKey.header !== null) return { [apiKey.header.toLowerCase()]: apiKey.value };
  const places = keyPlaces(schemes);
  const header = places.find(({ place }) => place === 'header');
  if (header !== undefined) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(header.name) || FRAME.test(header.name)) {
      throw new Fault('auth', `The card of ${target.name} wants its key in a header that cannot carry one`);
    }
    return { [header.name.toLowerCase()]: apiKey.value };
  }
  const cookie = places.find(({ place }) => place === 'cookie');
  if (cookie !== undefined && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(cookie.name)) {
    return { cookie: `${cookie.name}=${encodeURIComponent(apiKey.value)}` };
  }
  if (places.length > 0) {
    throw new Fault(
      'auth',
      `The card of ${target.name} wants its key in the ${places[0]?.place ?? ''}, where others could read it; only a header or a cookie carries one`,
    );
  }
  return { [USUAL]: apiKey.value };
};

/**
 * The headers that show an agent who we are; empty when there is nothing to show. `schemes` are the card’s securitySchemes, null before it is known.
 * Throws a Fault when the card wants a key where none may go.
 */
export const credentialHeaders = (target: Target, schemes: unknown): Readonly<Record<string, string>> => {
  const given = Object.entries(target.credential?.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  return {
    ...(target.token === null ? {} : { authorization: `Bearer ${target.token}` }),
    ...keyHeader(target, schemes),
    ...(Object.fromEntries(given) as Record<string, string>),
  };
};
