// A card as A2A 1.0 section 8.4.1 wants it before it is signed: without the fields that hold nothing but their default.
// Required fields, and optional ones that were set, stay even when they are empty; this is the schema as far as that goes.

interface Message {
  /** REQUIRED, or with the keyword `optional` (specification/a2a.proto). */
  readonly keep: readonly string[];
  /** Fields that hold messages, a list of them, or (map) messages by name. */
  readonly inner?: Readonly<Record<string, Message>>;
  /** Fields that are maps: an empty one is a default. */
  readonly maps?: readonly string[];
}

const REQUIREMENT: Message = { keep: [], maps: ['schemes'] };

const flow = (...keep: string[]): Message => ({ keep, maps: ['scopes'] });

const FLOWS: Message = {
  keep: [],
  inner: {
    authorizationCode: flow('authorizationUrl', 'tokenUrl', 'scopes'),
    clientCredentials: flow('tokenUrl', 'scopes'),
    implicit: flow(),
    password: flow(),
    deviceCode: flow('deviceAuthorizationUrl', 'tokenUrl', 'scopes'),
  },
};

const SCHEME: Message = {
  keep: [],
  inner: {
    apiKeySecurityScheme: { keep: ['location', 'name'] },
    httpAuthSecurityScheme: { keep: ['scheme'] },
    oauth2SecurityScheme: { keep: ['flows'], inner: { flows: FLOWS } },
    openIdConnectSecurityScheme: { keep: ['openIdConnectUrl'] },
    mtlsSecurityScheme: { keep: [] },
  },
};

const CARD: Message = {
  keep: [
    'name', 'description', 'supportedInterfaces', 'version', 'documentationUrl', 'capabilities', 'defaultInputModes',
    'defaultOutputModes', 'skills', 'iconUrl',
  ], // prettier-ignore
  maps: ['securitySchemes'],
  inner: {
    supportedInterfaces: { keep: ['url', 'protocolBinding', 'protocolVersion'] },
    provider: { keep: ['url', 'organization'] },
    capabilities: {
      keep: ['streaming', 'pushNotifications', 'extendedAgentCard'],
      inner: { extensions: { keep: [] } },
    },
    securitySchemes: SCHEME,
    securityRequirements: REQUIREMENT,
    skills: { keep: ['id', 'name', 'description', 'tags'], inner: { securityRequirements: REQUIREMENT } },
  },
};

type Bag = Readonly<Record<string, unknown>>;

const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDefault = (value: unknown): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  (Array.isArray(value) && value.length === 0);

const present = (value: unknown, message: Message): unknown => {
  if (Array.isArray(value)) return value.map((each) => present(each, message));
  if (!isBag(value)) return value;
  const kept = Object.entries(value).flatMap(([name, each]): [string, unknown][] => {
    const isMap = message.maps?.includes(name) === true;
    const isEmpty = isDefault(each) || (isMap && isBag(each) && Object.keys(each).length === 0);
    if (isEmpty && !message.keep.includes(name)) return [];
    const inner = message.inner?.[name];
    if (inner === undefined) return [[name, each]];
    if (!isMap || !isBag(each)) return [[name, present(each, inner)]];
    return [[name, Object.fromEntries(Object.entries(each).map(([key, one]) => [key, present(one, inner)]))]];
  });
  return Object.fromEntries(kept);
};

/** A 1.0 card without what is only default (section 5.7). Fields that the schema does not know stay as they are. */
export const presentForm = (card: Bag): Bag => present(card, CARD) as Bag;
