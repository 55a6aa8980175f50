// Where a credential may go, and what a card may make us do.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Sink } from '../adapter.ts';
import { testPorts } from '../adapter.testports.ts';
import { startServer, targetAt, type TestServer } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';
import { contextIdOf } from './ask.ts';
import { cardAddresses } from './card.ts';
import { ownAddress } from './origin.ts';

const TOKEN = 'very-secret';
const adapter = createA2aAdapter(testPorts);
const sink: Sink = {
  handle: () => Promise.resolve(),
  event: () => Promise.resolve(),
  sent: () => undefined,
  approval: () => Promise.resolve({ decision: 'withdrawn' }),
};
const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

/** A server that notes what came to it. */
const noting = async (
  listener: RequestListener,
): Promise<TestServer & { readonly seen: IncomingMessage[] }> => {
  const seen: IncomingMessage[] = [];
  const server = await startServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  servers.push(server);
  return { ...server, seen };
};

const card = (url: string): string =>
  JSON.stringify({
    name: 'x',
    capabilities: { streaming: false },
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  });

const tokens = (seen: readonly IncomingMessage[]): (string | undefined)[] =>
  seen.map(({ headers }) => headers.authorization);

const invoke = (url: string): ReturnType<typeof adapter.invoke> =>
  adapter.invoke(
    {
      target: targetAt(url, { token: TOKEN }),
      prompt: 'x',
      data: {},
      runId: 'r',
      key: 'k',
      deadline: Date.now() + 5_000,
      signal: AbortSignal.timeout(5_000),
    },
    sink,
  );

describe('a2a: credentials', () => {
  it('a card that redirects elsewhere is not read there', async () => {
    const other = await noting((_, response) => response.end(card('http://127.0.0.1:1/')));
    const own = await noting((_, response) =>
      response.writeHead(302, { location: `${other.url}/card` }).end(),
    );
    const outcome = await invoke(own.url);
    assert.equal(outcome.error?.code, 'invalid_card');
    assert.ok(outcome.error.message.includes(`redirects to ${other.url}`));
    assert.deepEqual(tokens(own.seen), [`Bearer ${TOKEN}`]);
    assert.deepEqual(other.seen, []);
  });

  it('an interface of another origin gets neither credential nor call', async () => {
    const other = await noting((_, response) => response.end('{}'));
    const own = await noting((_, response) => response.end(card(`${other.url}/a2a`)));
    const outcome = await invoke(own.url);
    assert.equal(outcome.error?.code, 'auth');
    assert.equal(outcome.error.retryable, false);
    assert.ok(outcome.error.message.includes(other.url));
    assert.equal(other.seen.length, 0);
  });

  it('a call that is redirected is not followed', async () => {
    const other = await noting((_, response) => response.end('{}'));
    const own: TestServer & { seen: IncomingMessage[] } = await noting((request, response) => {
      if (request.method === 'GET') response.end(card(`${own.url}/a2a`));
      else response.writeHead(307, { location: `${other.url}/a2a` }).end();
    });
    const outcome = await invoke(own.url);
    assert.equal(outcome.status, 'failed');
    assert.equal(outcome.error?.code, 'invalid_agent_response');
    assert.equal(other.seen.length, 0);
  });

  it('a refused credential is said once and never tried again', async () => {
    const own: TestServer & { seen: IncomingMessage[] } = await noting((request, response) => {
      if (request.method === 'GET') response.end(card(`${own.url}/a2a`));
      else response.writeHead(403).end();
    });
    const outcome = await invoke(own.url);
    assert.equal(outcome.error?.code, 'auth');
    assert.equal(own.seen.filter(({ method }) => method === 'POST').length, 1);
  });

  it('an agent on loopback may call itself by another name of loopback', () => {
    assert.equal(ownAddress('http://127.0.0.1:80/', 'http://localhost:80/a2a/'), 'http://127.0.0.1/a2a');
    assert.equal(ownAddress('http://127.0.0.1:8080/', 'http://[::1]:8080'), 'http://127.0.0.1:8080');
    assert.equal(ownAddress('http://127.0.0.1:8080/', 'http://localhost:8081/'), null);
    assert.equal(ownAddress('http://example.org/', 'http://localhost/'), null);
    assert.equal(ownAddress('http://example.org/', 'https://example.org/'), null);
    assert.equal(ownAddress('http://example.org/', 'http://user@example.org/'), null);
    assert.equal(ownAddress('http://example.org/', 'http://example.org.evil.example/'), null);
    assert.equal(ownAddress('http://example.org/', 'not a url'), null);
  });

  it('no interface ever leaves the origin, whatever a card says', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.oneof(fc.webUrl(), fc.string()), (agent, named) => {
        const address = ownAddress(agent, named);
        assert.ok(address === null || new URL(address).origin === new URL(agent).origin);
      }),
    );
  });
});

describe('a2a: ids and addresses', () => {
  it('makes one UUID of version 8 from a key, always the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        assert.match(
          contextIdOf(one),
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        assert.equal(contextIdOf(one) === contextIdOf(other), one === other);
      }),
    );
  });

  it('looks for the card under the path first, then at the root', () => {
    assert.deepEqual(cardAddresses('http://h/agents/one?x=1#y'), [
      'http://h/agents/one/.well-known/agent-card.json',
      'http://h/.well-known/agent-card.json',
      'http://h/agents/one/.well-known/agent.json',
    ]);
    assert.deepEqual(cardAddresses('http://h/my/card.json?v=2'), ['http://h/my/card.json?v=2']);
  });
});
