// Signed cards: what the specification, the SDK and agents of 0.3 sign is verified; one changed character is not.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AgentCard, generateAgentCardSignature } from '@a2a-js/sdk';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { CompactSign, exportJWK, FlattenedSign, generateKeyPair, type JWK } from 'jose';
import type { AgentEntry } from '#machines/nouns/agent';
import { testPorts } from '../adapter.testports.ts';
import { recorder, request } from '../adapter.testkit.ts';
import type { Probe } from '../adapter.ts';
import { startServer, targetAt, type TestServer } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';
import { presentForm } from './card-presence.ts';

type Bag = Record<string, unknown>;

interface Key {
  readonly jwk: JWK;
  readonly alg: string;
  sign(payload: string, header: Bag): Promise<Bag>;
}

const makeKey = async (kid: string, alg = 'ES256'): Promise<Key> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg },
    alg,
    async sign(payload, header) {
      const signed = await new FlattenedSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg, kid, typ: 'JOSE', ...header })
        .sign(privateKey);
      return { protected: signed.protected, signature: signed.signature };
    },
  };
};

const adapter = createA2aAdapter(testPorts);
const servers: TestServer[] = [];
let key: Key;
let other: Key;
before(async () => {
  key = await makeKey('key-1');
  other = await makeKey('key-1');
});
after(async () => {
  for (const server of servers) await server.close();
});

/** An agent whose card is made when its address is known, and that serves these keys; calls are counted. */
const serving = async (
  card: (url: string) => Promise<Bag> | Bag,
  jwks: () => unknown = () => ({ keys: [key.jwk] }),
): Promise<{ url: string; posts: () => number; asked: string[] }> => {
  let posts = 0;
  let made: Bag = {};
  const asked: string[] = [];
  const server = await startServer((incoming, response) => {
    asked.push(incoming.url ?? '');
    if (incoming.method === 'POST') posts += 1;
    response.setHeader('content-type', 'application/json');
    if (incoming.url === '/jwks') {
      const keys = jwks();
      if (keys === null) response.writeHead(500).end();
      else response.end(JSON.stringify(keys));
    } else response.end(JSON.stringify(made));
  });
  servers.push(server);
  made = await card(server.url);
  return { url: server.url, posts: () => posts, asked };
};

const bare = (url: string, more: Bag = {}): Bag => ({
  name: 'Signed',
  description: '',
  version: '1.0.0',
  supportedInterfaces: [{ url: `${url}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming: false, pushNotifications: false, extensions: [] },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'a', name: 'A', description: 'does a', tags: [], examples: [] }],
  ...more,
});

type Form = (card: Bag) => string;
const BY_SPECIFICATION: Form = (card) => canonicalize(presentForm(card)) ?? '';
const AS_IT_STANDS: Form = (card) => canonicalize(card) ?? '';

const signed =
  (
    by: () => Key,
    form: Form,
    more: Bag = {},
    header: (url: string) => Bag = (url) => ({ jku: `${url}/jwks` }),
  ) =>
  async (url: string): Promise<Bag> => {
    const card = bare(url, more);
    return { ...card, signatures: [await by().sign(form(card), header(url))] };
  };

const probe = (url: string, settings: AgentEntry['settings'] = {}): Promise<Probe> =>
  adapter.probe(targetAt(url, { entry: { url, settings } }), { signal: AbortSignal.timeout(5_000) });

const resultOf = async (card: (url: string) => Promise<Bag> | Bag, jwks?: () => unknown): Promise<string> => {
  const { url } = await serving(card, jwks);
  const { cardSignature, problem } = await probe(url);
  return cardSignature ?? problem?.code ?? 'nothing';
};

describe('a2a: signed cards that hold', () => {
  it('canonical as the specification says, with its own example', () => {
    const example = {
      name: 'Example Agent',
      description: '',
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    };
    assert.equal(
      BY_SPECIFICATION(example),
      '{"capabilities":{"pushNotifications":false,"streaming":false},"description":"","name":"Example Agent","skills":[]}',
    );
  });

  it('signed in the form of the specification, as it stands, and by the SDK', async () => {
    assert.equal(await resultOf(signed(() => key, BY_SPECIFICATION)), 'verified');
    assert.equal(await resultOf(signed(() => key, AS_IT_STANDS)), 'verified');
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'sdk' };
    const bySdk = async (url: string): Promise<Bag> => {
      const header = { alg: 'ES256', kid: 'sdk', typ: 'JOSE', jku: `${url}/jwks` };
      const card = await generateAgentCardSignature(privateKey, header)(AgentCard.fromJSON(bare(url)));
      return AgentCard.toJSON(card) as Bag;
    };
    assert.equal(await resultOf(bySdk, () => ({ keys: [jwk] })), 'verified');
  });

  it('by each kind of key', async () => {
    for (const alg of ['ES256', 'ES384', 'RS256', 'PS256', 'Ed25519']) {
      const own = await makeKey('k', alg);
      assert.equal(
        await resultOf(
          signed(() => own, BY_SPECIFICATION),
          () => ({ keys: [own.jwk] }),
        ),
        'verified',
        alg,
      );
    }
  });

  it('a card of 0.3, signed as it stands', async () => {
    const old = async (url: string): Promise<Bag> => {
      const { supportedInterfaces: _interfaces, ...rest } = bare(url);
      const card = { ...rest, url: `${url}/a2a`, protocolVersion: '0.3.0', preferredTransport: 'JSONRPC' };
      return { ...card, signatures: [await key.sign(AS_IT_STANDS(card), { jku: `${url}/jwks` })] };
    };
    assert.equal(await resultOf(old), 'verified');
  });

  it('one of several is enough, and its key is who the agent is', async () => {
    const both = async (url: string): Promise<Bag> => {
      const card = bare(url);
      const stranger = await makeKey('elsewhere');
      const signatures = [
        await stranger.sign(BY_SPECIFICATION(card), { jku: 'https://keys.example/jwks' }),
        await key.sign(BY_SPECIFICATION(card), { jku: `${url}/jwks` }),
      ];
      return { ...card, signatures };
    };
    const { url } = await serving(both);
    const found = await probe(url);
    assert.equal(found.cardSignature, 'verified');
    assert.match(found.identity?.['signature'] ?? '', /^by key [\w-]{43}$/);
  });

  it('by keys that a person pinned, whatever the card says of keys', async () => {
    const keys = JSON.stringify({ keys: [key.jwk] });
    const { url, asked } = await serving(
      signed(
        () => key,
        BY_SPECIFICATION,
        {},
        () => ({}),
      ),
      () => null,
    );
    assert.equal((await probe(url)).cardSignature, 'unverified');
    assert.equal((await probe(url, { card_keys: keys })).cardSignature, 'verified');
    const wrong = await probe(url, { card_keys: JSON.stringify({ keys: [other.jwk] }) });
    assert.equal(wrong.cardSignature, 'invalid');
    assert.ok(!asked.includes('/jwks'));
    for (const bad of [
      '',
      '{}',
      '{"keys":[]}',
      JSON.stringify({ keys: [{ kty: 'oct', k: 'eA', kid: 'key-1' }] }),
    ])
      assert.equal((await probe(url, { card_keys: bad })).problem?.code, 'bad_request', bad);
  });
});

describe('a2a: signed cards that do not hold', () => {
  it('is said of what somebody changed, wherever', async () => {
    const change = (more: Bag) => async (url: string) => ({
      ...(await signed(() => key, BY_SPECIFICATION)(url)),
      ...more,
    });
    const changes: Bag[] = [
      { name: 'Mallory' },
      { description: 'x' },
      { skills: [] },
      { capabilities: { streaming: true, pushNotifications: false, extensions: [] } },
      { securitySchemes: { k: { apiKeySecurityScheme: { location: 'header', name: 'X' } } } },
      { provider: { url: 'https://mallory.example', organization: 'M' } },
      {
        supportedInterfaces: [
          { url: 'http://127.0.0.1:1/', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        ],
      },
    ];
    for (const more of changes) {
      const result = await resultOf(change(more));
      assert.ok(['invalid', 'invalid_card'].includes(result), `${JSON.stringify(more)}: ${result}`);
    }
    // What a default adds is no change (A2A 1.0 section 8.4.1).
    assert.equal(await resultOf(change({ securityRequirements: [] })), 'verified');
  });

  it('is said of another key, a MAC, no algorithm, no key id, and what is no signature', async () => {
    assert.equal(await resultOf(signed(() => other, BY_SPECIFICATION)), 'invalid');
    const secret = new TextEncoder().encode('x'.repeat(32));
    const mac = async (url: string): Promise<Bag> => {
      const card = bare(url);
      const jws = await new CompactSign(new TextEncoder().encode(BY_SPECIFICATION(card)))
        .setProtectedHeader({ alg: 'HS256', kid: 'key-1', jku: `${url}/jwks` })
        .sign(secret);
      const [head, , signature] = jws.split('.');
      return { ...card, signatures: [{ protected: head, signature }] };
    };
    const oct = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'key-1' };
    assert.equal(await resultOf(mac, () => ({ keys: [oct] })), 'invalid');
    const head = (value: Bag): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const wrong: unknown[] = [
      [{ protected: head({ alg: 'none', kid: 'key-1' }), signature: '' }],
      [{ protected: head({ alg: 'ES256' }), signature: 'AA' }],
      [{ protected: 'not base64 of JSON', signature: 'AA' }],
      [{}],
      [null],
      'AA',
      Array.from({ length: 9 }, () => ({ protected: head({ alg: 'ES256', kid: 'k' }), signature: 'AA' })),
    ];
    for (const signatures of wrong)
      assert.equal(await resultOf((url) => bare(url, { signatures })), 'invalid', JSON.stringify(signatures));
    // A lone surrogate has no canonical form.
    const broken = signed(() => key, AS_IT_STANDS);
    assert.equal(
      await resultOf(async (url) => ({ ...(await broken(url)), description: '\ud800' })),
      'invalid',
    );
    assert.equal(await resultOf((url) => bare(url, { signatures: [] })), 'unsigned');
    assert.equal(await resultOf((url) => bare(url)), 'unsigned');
  });

  it('is not said when the keys cannot be had now: then the agent has not answered', async () => {
    assert.equal(
      await resultOf(
        signed(() => key, BY_SPECIFICATION),
        () => null,
      ),
      'invalid_card',
    );
    const { url, posts } = await serving(
      signed(() => key, BY_SPECIFICATION),
      () => null,
    );
    const outcome = await adapter.invoke(request(targetAt(url), 'x'), recorder());
    assert.equal(outcome.status, 'failed');
    assert.equal(posts(), 0);
  });

  it('an agent with a wrong signature is not called, even when nobody looked at it before', async () => {
    const { url, posts } = await serving(signed(() => other, BY_SPECIFICATION));
    const outcome = await adapter.invoke(request(targetAt(url), 'x'), recorder());
    assert.equal(outcome.error?.code, 'card_signature_invalid');
    assert.equal(outcome.error.retryable, false);
    assert.equal(posts(), 0);
  });

  it('whatever stands in a card, looking at its signature never throws (property)', async () => {
    let card: unknown = null;
    const server = await startServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(card));
    });
    servers.push(server);
    const strange = fc.record({
      protected: fc.oneof(fc.string(), fc.base64String()),
      signature: fc.string(),
      header: fc.jsonValue(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(strange, fc.jsonValue()), { maxLength: 4 }),
        fc.jsonValue(),
        async (signatures, more) => {
          card = { ...bare(server.url), extra: more, signatures };
          const found = await probe(server.url);
          assert.equal(found.ok, true, JSON.stringify(found.problem));
          assert.notEqual(found.cardSignature, 'verified');
        },
      ),
      { numRuns: 60 },
    );
  });
});
