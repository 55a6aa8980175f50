// Agent cards: fetched with limits, checked, and read into what the mesh shows.
import { SkillSchema, type Skill } from '#machines/nouns/agent';
import { MeshError, type ErrorCode } from '#machines/nouns/error-codes';
import { LIMITS } from '#machines/nouns/limits';
import { z } from 'zod';
import type { Clock, Net } from '../../ports.ts';
import type { Target } from '../adapter.ts';
import { credentialHeaders } from './credentials.ts';
import { straightenCard } from './dialect.ts';
import { Fault, hasCode } from './faults.ts';
import { masking } from './mask.ts';
import { addressOf } from './origin.ts';
import { within } from './time.ts';

const WELL_KNOWN = '.well-known/agent-card.json';
/** Where agents before 0.3 put it. */
const OLD_WELL_KNOWN = '.well-known/agent.json';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const SkillOfCardSchema = z.object({
  id: z.string().min(1),
  name: text,
  description: text,
  tags: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
});

/** What we need of a card, 1.0 or 0.3; all else is kept as it is. */
export const CardSchema = z
  .looseObject({
    name: z.string().min(1, 'has no name'),
    description: text,
    version: text,
    capabilities: z.looseObject({ streaming: flag }).nullish(),
    skills: z
      .array(SkillOfCardSchema)
      .nullish()
      .transform((value) => value ?? []),
    supportedInterfaces: z
      .array(z.looseObject({ url: z.string(), protocolBinding: z.string(), protocolVersion: text }))
      .optional(),
    url: z.string().optional(),
    protocolVersion: z.string().optional(),
    securitySchemes: z.unknown().optional(),
    signatures: z.unknown().optional(),
  })
  .refine(
    (card) => (card.supportedInterfaces?.length ?? 0) > 0 || card.url !== undefined,
    'names no interface (supportedInterfaces, or url before 1.0)',
  );
export type Card = z.infer<typeof CardSchema>;

/** Checks a card; throws invalid_card naming what is wrong. */
export const checkCard = (raw: unknown, url: string): Card => {
  const parsed = CardSchema.safeParse(straightenCard(raw));
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const where = first === undefined || first.path.length === 0 ? '' : `${first.path.join('.')}: `;
  throw new Fault(
    'invalid_card',
    `The card at ${url} cannot be used: ${where}${first?.message ?? 'not a card'}`,
  );
};

/** The version of the protocol that a card speaks, the newest first. */
export const protocolOf = (card: Card): string => {
  const versions = (card.supportedInterfaces ?? [])
    .map(({ protocolVersion }) => protocolVersion)
    .filter((v) => v !== '');
  return versions.sort().at(-1) ?? card.protocolVersion ?? '0.3';
};

/** The skills of a card as the mesh shows them. */
export const skillsOf = (card: Card): Skill[] =>
  card.skills.map(({ id, name, description, tags }) =>
    SkillSchema.parse({ id, name: name === '' ? id : name, description, tags }),
  );

/** Where a card may be for the address that the agent was given by, best first. */
export const cardAddresses = (agentUrl: string): string[] => {
  const url = new URL(agentUrl);
  url.hash = '';
  if (url.pathname.endsWith('.json')) return [url.href];
  url.search = '';
  const folder = url.href.endsWith('/') ? url.href : `${url.href}/`;
  const found = [
    new URL(WELL_KNOWN, folder),
    new URL(`/${WELL_KNOWN}`, url),
    new URL(OLD_WELL_KNOWN, folder),
  ];
  return [...new Set(found.map(({ href }) => href))];
};

interface Ask {
  readonly net: Net;
  readonly clock: Clock;
  readonly target: Target;
  readonly signal: AbortSignal;
}

/** A card deeper than this is refused before anything recursive touches it. */
const isTooDeep = (value: unknown): boolean => {
  const left: [unknown, number][] = [[value, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [each, depth] = next;
    if (typeof each !== 'object' || each === null) continue;
    if (depth > LIMITS.jsonDepth) return true;
    for (const inner of Object.values(each)) left.push([inner, depth + 1]);
  }
  return false;
};

const fetchAt = async ({ net, target, signal }: Ask, address: string): Promise<unknown> => {
  const own = new URL(address).origin;
  const credentials = credentialHeaders(target, null);
  let url = address;
  for (let redirects = 0; ; redirects += 1) {
    const response = await net.fetch(url, {
      reach: target.reach ?? 'public',
      signal,
      maxBytes: LIMITS.cardBytes,
      timeoutMs: LIMITS.cardTimeoutMs,
      headers: {
        accept: 'application/json',
        'a2a-version': '1.0',
        ...credentials,
      },
    });
    const refuse = async (code: ErrorCode, message: string): Promise<never> => {
      await response.body?.cancel();
      throw new Fault(code, message);
    };
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      const next = URL.canParse(location, url) ? new URL(location, url) : null;
      // Whoever is elsewhere is another agent, and the credential is not for it.
      if (next === null || next.origin !== own)
        return refuse(
          'invalid_card',
          `The card at ${address} redirects to ${next?.origin ?? 'nowhere'}: give the agent by the address where it is`,
        );
      if (redirects >= LIMITS.cardRedirects)
        return refuse(
          'invalid_card',
          `The card at ${address} redirects more than ${String(LIMITS.cardRedirects)} times`,
        );
      await response.body?.cancel();
      url = next.href;
      continue;
    }
    if (response.status === 401 || response.status === 403)
      return refuse('auth', `The agent at ${url} did not accept the credential`);
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    if (!response.ok)
      return refuse(
        response.status >= 500 ? 'agent_unreachable' : 'invalid_card',
        `${url} answered ${String(response.status)}`,
      );
    const body = masking(credentials)(await response.text());
    let card: unknown;
    try {
      card = JSON.parse(body) as unknown;
    } catch {
      throw new Fault('invalid_card', `What ${url} answers is not JSON`);
    }
    if (isTooDeep(card)) throw new Fault('invalid_card', `The card at ${url} is nested too deeply`);
    return card;
  }
};

/** The card as fetched, and as checked. */
export interface FetchedCard {
  readonly raw: unknown;
  readonly card: Card;
}

/** Fetches the card of an agent: at most 1 MiB, 5 s, and redirects within its own origin. Throws a Fault. */
export const fetchCard = async (ask: Ask): Promise<FetchedCard> => {
  const agentUrl = addressOf(ask.target);
  try {
    return await within(ask.clock, LIMITS.cardTimeoutMs, ask.signal, async (signal) => {
      try {
        for (const address of cardAddresses(agentUrl)) {
          const raw = await fetchAt({ ...ask, signal }, address);
          if (raw !== null) return { raw, card: checkCard(raw, address) };
        }
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new Fault('agent_unreachable', `${agentUrl} did not give its card in time`);
      }
      throw new Fault('invalid_card', `There is no agent card at ${agentUrl}`);
    });
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (error instanceof MeshError) throw new Fault(error.code, error.detail);
    if (hasCode(error, ['ETOOBIG'])) throw new Fault('invalid_card', `The card of ${agentUrl} is over 1 MiB`);
    throw new Fault('agent_unreachable', `${agentUrl} does not answer`, error);
  }
};
