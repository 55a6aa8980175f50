// Agent cards: fetched with limits, checked, and read into what the mesh shows.
import { SkillSchema, type Skill } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';
import { z } from 'zod';
import type { Net } from '../../ports.ts';
import { straightenCard } from './dialect.ts';
import { Fault } from './faults.ts';

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

const readLimited = async (response: Response, url: string): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body: the rest is not read.
    if (bytes > LIMITS.cardBytes) throw new Fault('invalid_card', `The card at ${url} is over 1 MiB`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
};

interface Ask {
  readonly net: Net;
  readonly agentUrl: string;
  readonly token: string | null;
  readonly signal: AbortSignal;
}

const fetchAt = async ({ net, agentUrl, token, signal }: Ask, address: string): Promise<unknown> => {
  let url = address;
  for (let redirects = 0; ; redirects += 1) {
    const isOwn = new URL(url).origin === new URL(agentUrl).origin;
    const response = await net.fetch(url, {
      redirect: 'manual',
      signal,
      headers: {
        accept: 'application/json',
        'a2a-version': '1.0',
        // The token never goes to where a redirect points, unless that is the agent’s own origin.
        ...(isOwn && token !== null ? { authorization: `Bearer ${token}` } : {}),
      },
    });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (redirects >= LIMITS.cardRedirects || !URL.canParse(location, url)) {
        throw new Fault(
          'invalid_card',
          `The card at ${address} redirects more than ${String(LIMITS.cardRedirects)} times`,
        );
      }
      url = new URL(location, url).href;
      if (!/^https?:/.test(url))
        throw new Fault('invalid_card', `The card at ${address} redirects to ${url}`);
      continue;
    }
    if (response.status === 401 || response.status === 403) {
      await response.body?.cancel();
      throw new Fault('auth', `The agent at ${url} did not accept the credential`);
    }
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    if (!response.ok) {
      await response.body?.cancel();
      const code = response.status >= 500 ? 'agent_unreachable' : 'invalid_card';
      throw new Fault(code, `${url} answered ${String(response.status)}`);
    }
    const body = await readLimited(response, url);
    try {
      return JSON.parse(body) as unknown;
    } catch {
      throw new Fault('invalid_card', `What ${url} answers is not JSON`);
    }
  }
};

/** The card as fetched, and as checked. */
export interface FetchedCard {
  readonly raw: unknown;
  readonly card: Card;
}

/** Fetches the card of the agent at `agentUrl`: at most 1 MiB, 5 s and 3 redirects. Throws a Fault. */
export const fetchCard = async (ask: Ask): Promise<FetchedCard> => {
  const limit = AbortSignal.timeout(LIMITS.cardTimeoutMs);
  const signal = AbortSignal.any([ask.signal, limit]);
  try {
    for (const address of cardAddresses(ask.agentUrl)) {
      const raw = await fetchAt({ ...ask, signal }, address);
      if (raw !== null) return { raw, card: checkCard(raw, address) };
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = signal.aborted ? 'did not give its card in time' : 'does not answer';
    throw new Fault('agent_unreachable', `${ask.agentUrl} ${why}`, signal.aborted ? undefined : error);
  }
  throw new Fault('invalid_card', `There is no agent card at ${ask.agentUrl}`);
};
