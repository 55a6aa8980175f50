// A credential belongs to one agent at one origin: what the wire shows, whatever cards, redirects and names do.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { AgentEntrySchema } from '#machines/nouns/agent';
import { createNet, type Resolve } from '../../net/net.ts';
import type { Net } from '../../ports.ts';
import { testPorts } from '../adapter.testports.ts';
import { recorder, request } from '../adapter.testkit.ts';
import type { Credential, Outcome, Target } from '../adapter.ts';
import { startServer, targetAt, type TestServer } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';
import { masking } from './mask.ts';

const TOKEN = 'canary-token-51c2';
const KEY = 'canary-key-9e7d';
const SECRET = 'canary-header-04af';
const ALL: Credential = { apiKey: { value: KEY, header: null }, headers: { 'X-Tenant-Secret': SECRET } };

const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

interface Noting extends TestServer {
  readonly seen: IncomingMessage[];
}

const noting = async (listener: RequestListener): Promise<Noting> => {
  const seen: IncomingMessage[] = [];
  const server = await startServer((incoming, response) => {
    seen.push(incoming);
    listener(incoming, response);
  });
  servers.push(server);
  return { ...server, seen };
};

const cardFor = (url: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'x',
  capabilities: { streaming: false },
  supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  ...more,
});

const header10 = (name: string, location = 'header'): Record<string, unknown> => ({
  securitySchemes: { key: { apiKeySecurityScheme: { location, name } } },
});

/** An agent that answers each call with `4`, and its card with what is given. */
const agent = async (more: Record<string, unknown> = {}): Promise<Noting> => {
  const server: Noting = await noting((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    if (incoming.method === 'GET') {
      response.end(JSON.stringify(cardFor(`${server.url}/a2a`, more)));
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: unknown };
      // It says back everything that it was shown.
      const text = `4 ${JSON.stringify(incoming.rawHeaders)}`;
      const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text }] };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { message } }));
    });
  });
  return server;
};

const invoke = async (
  target: Target,
  net: Net = testPorts.net,
): Promise<{ outcome: Outcome; sink: ReturnType<typeof recorder> }> => {
  const sink = recorder();
  const adapter = createA2aAdapter({ clock: testPorts.clock, net });
  return { outcome: await adapter.invoke(request(target, 'x'), sink), sink };
};

const call = ({ seen }: Noting): IncomingMessage['headers'] =>
  seen.find(({ method }) => method === 'POST')?.headers ?? {};

/** Every header that came, as text: what a secret would be found in. */
const allOf = ({ seen }: Noting): string =>
  JSON.stringify(seen.map(({ rawHeaders, url }) => [rawHeaders, url]));

const SECRETS = [TOKEN, KEY, SECRET];

describe('a2a: what shows an agent who we are', () => {
  it('a bearer token and headers go with every request to it', async () => {
    const own = await agent();
    const { outcome } = await invoke(
      targetAt(own.url, { token: TOKEN, credential: { ...ALL, apiKey: null } }),
    );
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    for (const { headers } of own.seen) {
      assert.equal(headers.authorization, `Bearer ${TOKEN}`);
      assert.equal(headers['x-tenant-secret'], SECRET);
    }
  });

  it('an API key goes where the card says, in the words of 1.0 and of 0.3', async () => {
    const places: [Record<string, unknown>, string, string][] = [
      [header10('X-Agent-Key'), 'x-agent-key', KEY],
      [{ securitySchemes: { k: { type: 'apiKey', in: 'header', name: 'Api-Key' } } }, 'api-key', KEY],
      [header10('session', 'cookie'), 'cookie', `session=${KEY}`],
      [{}, 'x-api-key', KEY],
    ];
    for (const [more, name, value] of places) {
      const own = await agent(more);
      const { outcome } = await invoke(targetAt(own.url, { credential: { ...ALL, headers: {} } }));
      assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
      assert.equal(call(own)[name], value);
    }
    const own = await agent(header10('X-Agent-Key'));
    const given = { apiKey: { value: KEY, header: 'X-Given' }, headers: {} };
    await invoke(targetAt(own.url, { credential: given }));
    assert.equal(call(own)['x-given'], KEY);
    assert.equal(call(own)['x-agent-key'], undefined);
  });

  it('a card that wants the key where others read it, or in a header of the request itself, does not get it', async () => {
    for (const more of [
      header10('key', 'query'),
      header10('Host'),
      header10('Content-Length'),
      header10('bad name'),
    ]) {
      const own = await agent(more);
      const { outcome } = await invoke(targetAt(own.url, { credential: { ...ALL, headers: {} } }));
      assert.equal(outcome.error?.code, 'auth');
      assert.deepEqual(
        own.seen.map(({ method }) => method),
        ['GET'],
      );
    }
  });

  it('what it says back of our secrets is hidden before anybody sees it', async () => {
    const own = await agent();
    const { outcome, sink } = await invoke(targetAt(own.url, { token: TOKEN, credential: ALL }));
    assert.match(outcome.text ?? '', /^4 .*\[credential\]/);
    const kept = JSON.stringify([outcome, sink.events]);
    for (const secret of SECRETS) assert.ok(!kept.includes(secret), secret);
  });
});

describe('a2a: where a credential never goes', () => {
  const withAll = (url: string): Target => targetAt(url, { token: TOKEN, credential: ALL });

  const spared = (other: Noting, count = 0): void => {
    assert.equal(other.seen.length, count);
    for (const secret of SECRETS) assert.ok(!allOf(other).includes(secret), secret);
  };

  it('to an interface of another origin', async () => {
    const other = await agent();
    const own = await noting((_, response) => response.end(JSON.stringify(cardFor(`${other.url}/a2a`))));
    const { outcome } = await invoke(withAll(own.url));
    assert.equal(outcome.error?.code, 'auth');
    spared(other);
  });

  it('along a redirect of the card or of a call, to another port, scheme or name', async () => {
    const other = await agent();
    const port = new URL(other.url).port;
    for (const to of [
      `${other.url}/card`,
      `//127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `https://127.0.0.1:${port}/`,
    ]) {
      const byCard = await noting((_, response) => response.writeHead(302, { location: to }).end());
      assert.equal((await invoke(withAll(byCard.url))).outcome.error?.code, 'invalid_card');
      const byCall: Noting = await noting((incoming, response) => {
        if (incoming.method === 'GET') response.end(JSON.stringify(cardFor(`${byCall.url}/a2a`)));
        else response.writeHead(307, { location: to }).end();
      });
      assert.equal((await invoke(withAll(byCall.url))).outcome.error?.code, 'invalid_agent_response');
    }
    spared(other);
  });

  it('to a redirect within its own origin it goes, because that is the agent', async () => {
    const own: Noting = await noting((incoming, response) => {
      if (incoming.url === '/.well-known/agent-card.json')
        response.writeHead(301, { location: '/card' }).end();
      else response.end(JSON.stringify(cardFor(`${own.url}/a2a`)));
    });
    const probe = await createA2aAdapter(testPorts).probe(withAll(own.url), {
      signal: AbortSignal.timeout(5_000),
    });
    assert.equal(probe.ok, true, JSON.stringify(probe.problem));
    assert.equal(own.seen[1]?.headers.authorization, `Bearer ${TOKEN}`);
  });

  it('to where the keys of a signature are said to be elsewhere', async () => {
    const other = await agent();
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'k', jku: `${other.url}/jwks` })).toString(
      'base64url',
    );
    const own = await agent({ signatures: [{ protected: header, signature: 'AA' }] });
    const probe = await createA2aAdapter(testPorts).probe(withAll(own.url), {
      signal: AbortSignal.timeout(5_000),
    });
    assert.equal(probe.cardSignature, 'unverified');
    spared(other);
  });

  it('not even to its own keys: what is public needs none', async () => {
    const header = (url: string): string =>
      Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'k', jku: `${url}/jwks` })).toString('base64url');
    const own: Noting = await noting((incoming, response) => {
      if (incoming.url === '/jwks') response.end('{"keys":[]}');
      else
        response.end(
          JSON.stringify(
            cardFor(`${own.url}/a2a`, { signatures: [{ protected: header(own.url), signature: 'AA' }] }),
          ),
        );
    });
    await createA2aAdapter(testPorts).probe(withAll(own.url), { signal: AbortSignal.timeout(5_000) });
    const keys = own.seen.filter(({ url }) => url === '/jwks');
    assert.equal(keys.length, 1);
    for (const secret of SECRETS) assert.ok(!JSON.stringify(keys[0]?.rawHeaders).includes(secret));
  });

  it('to where the name of the agent leads after it has been rebound', async () => {
    const own = await agent();
    const port = new URL(own.url).port;
    let address = '127.0.0.1';
    const resolve: Resolve = (_, done) => {
      done(null, [{ address, family: 4 }]);
    };
    const net = createNet({ clock: testPorts.clock, resolve });
    const url = `http://agent.localhost:${port}`;
    const card = cardFor(`${url}/a2a`);
    const first = await invoke({ ...withAll(url), card }, net);
    assert.equal(first.outcome.status, 'completed', JSON.stringify(first.outcome));
    for (const to of ['169.254.169.254', '100.100.100.200', '0.0.0.0']) {
      address = to;
      // A net of its own: the connection of before is not used again.
      const fresh = createNet({ clock: testPorts.clock, resolve });
      const { outcome } = await invoke({ ...withAll(url), card }, fresh);
      assert.equal(outcome.error?.code, 'address_refused', JSON.stringify(outcome));
    }
  });

  it('to another agent: each gets its own and nothing of the other', async () => {
    const [one, two] = [await agent(), await agent()];
    await Promise.all([
      invoke(targetAt(one.url, { token: TOKEN })),
      invoke(targetAt(two.url, { credential: { ...ALL, apiKey: null } })),
    ]);
    assert.ok(allOf(one).includes(TOKEN) && !allOf(one).includes(SECRET));
    assert.ok(allOf(two).includes(SECRET) && !allOf(two).includes(TOKEN));
  });
});

describe('a2a: entries with credentials', () => {
  const url = 'https://agent.example';
  const takes = (entry: unknown): boolean => AgentEntrySchema.safeParse(entry).success;

  it('take what a header can carry, and nothing that would break the request', () => {
    for (const good of [
      { token: 'a' },
      { api_key: 'k' },
      { api_key: { value: 'k', header: 'X-Key' } },
      { headers: { Authorization: 'Basic eA==', 'X-A': 'b c' } },
    ])
      assert.ok(takes({ url, ...good }), JSON.stringify(good));
    const wrong = [
      { token: 'a\r\nX: y' }, { token: ' a' }, { token: '' }, { token: 'ä' }, { api_key: { value: 'k' } }, { api_key: { value: 'k', header: 'Host' } },
      { headers: { 'Content-Length': '1' } }, { headers: { 'X Y': 'a' } }, { headers: { X: 'a\nb' } }, { headers: { 'A2A-Version': '9' } },
      { headers: { 'Transfer-Encoding': 'x' } }, { headers: { X: '' } },
    ]; // prettier-ignore
    for (const bad of wrong) assert.ok(!takes({ url, ...bad }), JSON.stringify(bad));
    assert.ok(!takes({ url: 'https://user:pass@agent.example' }));
    assert.ok(!takes({ name: 'x', command: ['x'], api_key: 'k' }));
  });

  it('nothing of a secret is left in a text, as it is or as JSON has it (property)', () => {
    const secret = fc.stringMatching(/^[\x21-\x7e]{12,40}$/);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (word, before, after_) => {
        const hide = masking({ authorization: `Bearer ${word}` });
        for (const text of [`${before}${word}${after_}`, JSON.stringify([before, word, after_])]) {
          const hidden = hide(text);
          assert.ok(!hidden.includes(word) && !hidden.includes(JSON.stringify(word).slice(1, -1)));
        }
      }),
    );
  });
});
