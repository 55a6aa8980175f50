// An agent on the mesh: its name, where it is, what it can do, how it was found and how well it answers.
import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Names resolve exactly; they are shown, so control characters and outer blanks are refused. */
export const AgentNameSchema = z
  .string()
  .min(1)
  .max(LIMITS.nameChars)
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._:@/-]*[\p{L}\p{N}])?$/u,
    'letters, digits, blanks and . _ : @ / - only',
  );

/** Open: an adapter folder brings its own kind. Known here: a2a for a URL, command for a program. */
export const AgentKindSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

export const SkillSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
});
export type Skill = z.infer<typeof SkillSchema>;

/** Where we heard of the agent. One agent may be seen by several sources. */
export const ProvenanceSchema = z.object({
  source: z.enum(['bootstrap', 'url', 'mdns', 'tailnet', 'local', 'install']),
  /** File, URL or service name. */
  detail: z.string(),
  first_seen: z.string(),
  last_seen: z.string(),
});
export type Provenance = z.infer<typeof ProvenanceSchema>;

export const PRESENCES = ['seen', 'reachable', 'lost'] as const;
export type Presence = (typeof PRESENCES)[number];

/**
 * Whether the mesh may call it. seen: found on the network or on this machine, and nobody has said yes yet. changed: it
 * no longer has the identity that was trusted, and nobody has accepted the change yet.
 */
export const TRUSTS = ['trusted', 'seen', 'changed'] as const;
export type Trust = (typeof TRUSTS)[number];

/** One fact of an agent's identity that is no longer what was trusted; null: it was not there, or is gone. */
export const TrustChangeSchema = z.object({
  fact: z.string(),
  was: z.string().nullable(),
  now: z.string().nullable(),
});
export type TrustChange = z.infer<typeof TrustChangeSchema>;

/** unverified: signed by a key that is not known here, which proves as much as no signature. */
export const CARD_SIGNATURES = ['verified', 'invalid', 'unsigned', 'unverified'] as const;
export type CardSignature = (typeof CARD_SIGNATURES)[number];

export const AgentSchema = z.object({
  name: AgentNameSchema,
  /** Other names that people gave it; each resolves like its name. */
  aliases: z.array(AgentNameSchema),
  kind: AgentKindSchema,
  /** Address without credentials: URL, argv of a command, or folder. */
  endpoint: z.string(),
  description: z.string(),
  version: z.string().nullable(),
  protocol: z.string().nullable(),
  skills: z.array(SkillSchema),
  presence: z.enum(PRESENCES),
  /** Round trip of the last probe, milliseconds. */
  latency_ms: z.number().nullable(),
  first_seen: z.string(),
  last_seen: z.string().nullable(),
  /** The last probe’s problem, when there is one. */
  problem: z.string().nullable(),
  /** Whether a credential is kept for it (never the credential). */
  has_credential: z.boolean(),
  trust: z.enum(TRUSTS),
  /** What is not as it was when it was trusted; empty unless `changed`. */
  trust_changes: z.array(TrustChangeSchema),
  /** Names the identity found last (SHA-256): agents.trust takes it, so that nobody trusts what they have not seen. */
  identity: z.string().nullable(),
  /** What became of its card’s signature; null where the kind has no signed card, and before the first answer. */
  card_signature: z.enum(CARD_SIGNATURES).nullable(),
  provenance: z.array(ProvenanceSchema),
  /** The card as fetched; null where the kind has none. */
  card: z.unknown().nullable(),
});
export type Agent = z.infer<typeof AgentSchema>;

/** A header that can carry a credential: not one that frames the request or names its peer (RFC 9110, RFC 9112). */
export const CredentialHeaderSchema = z
  .string()
  .max(LIMITS.nameChars)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'the name of a header')
  .refine(
    (name) =>
      !/^(?:host|connection|keep-alive|te|trailer|upgrade|expect|via|date|origin|referer|accept.*|content-.*|transfer-.*|proxy-.*|sec-.*|a2a-.*)$/i.test(
        name,
      ),
    'a header that the request needs for itself',
  );

/** What goes into a header as it is: printable ASCII without outer blanks. */
const SecretSchema = z
  .string()
  .max(LIMITS.secretChars)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'printable ASCII without outer blanks');

/** One entry of bootstrap.json `{"agents":[…]}`, or of POST /api/agents. `url` is an A2A agent unless `kind` says more, `command` a program, `dir` an installation. */
export const AgentEntrySchema = z
  .strictObject({
    name: AgentNameSchema.optional().describe('the card’s name when absent'),
    kind: AgentKindSchema.optional().describe('a2a with url, command with command; needed with dir'),
    url: z
      .url({ protocol: /^https?$/ })
      .refine(
        (url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '',
        'no user name or password in a URL: give token, api_key or headers',
      )
      .optional(),
    token: SecretSchema.optional().describe('bearer token for this agent at this origin only'),
    api_key: z
      .union([SecretSchema, z.strictObject({ value: SecretSchema, header: CredentialHeaderSchema })])
      .optional()
      .describe('the same for an API key; it goes into the header that the card names, or that is given'),
    headers: z
      .record(CredentialHeaderSchema, SecretSchema)
      .refine((headers) => Object.keys(headers).length <= 20, 'at most 20')
      .optional()
      .describe('the same for headers that are sent as they are'),
    command: z.array(z.string().min(1)).min(1).optional().describe('argv; no shell'),
    dir: z
      .string()
      .max(LIMITS.pathChars)
      .regex(/^\/[^\0]*$/, 'an absolute path')
      .optional()
      .describe('folder of a local installation'),
    settings: z
      .record(z.string().regex(/^[A-Za-z][\w.-]{0,63}$/), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('what this kind needs besides; `agent` tells agents at one address apart'),
    cwd: z.string().optional(),
    env: z.record(z.string(), z.string()).optional(),
    skills: z.array(z.union([z.string().min(1), SkillSchema])).optional(),
    description: z.string().optional(),
  })
  .refine(
    (e) => [e.url, e.command, e.dir].filter((place) => place !== undefined).length === 1,
    'give exactly one of url, command and dir',
  )
  .refine(
    (e) => e.url !== undefined || (e.api_key === undefined && e.headers === undefined),
    'api_key and headers belong to an agent with a url',
  )
  .refine((e) => e.dir === undefined || e.kind !== undefined, 'an agent in a dir needs a kind')
  .refine(
    // Kinds that speak a protocol say what they are called; a plain command does not.
    (e) => e.command === undefined || e.name !== undefined || (e.kind ?? 'command') !== 'command',
    'a command agent needs a name',
  );
export type AgentEntry = z.infer<typeof AgentEntrySchema>;

export const BootstrapSchema = z.looseObject({ agents: z.array(z.unknown()) });
