// A WebSocket is guarded like any other way out (T18): it connects to what was checked, and to nothing else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import { MeshError } from '#machines/nouns/error-codes';
import { testPorts } from '../agents/adapter.testports.ts';
import type { Reach } from '../ports.ts';
import { createNet, type Resolve } from './net.ts';

let server: WebSocketServer;
let port = 0;
let asked = 0;
let connections = 0;
/** `moving.test` is somewhere harmless when it is checked and here when it is connected to. */
const resolve: Resolve = (host, done) => {
  asked += 1;
  const address = host === 'here.localhost' || asked > 1 ? '127.0.0.1' : '192.0.2.1';
  done(null, [{ address, family: 4 }]);
};
const net = createNet({ clock: testPorts.clock, resolve });

before(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('message', (data: Buffer) => {
      socket.send(data.toString());
    });
  });
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
after(() => {
  server.close();
});

const codeOf = async (url: string, reach: Reach): Promise<string> => {
  try {
    const socket = await net.webSocket(url, { reach });
    socket.close();
    return 'connecting';
  } catch (error) {
    return error instanceof MeshError ? error.code : String(error);
  }
};

describe('a guarded WebSocket', () => {
  it('speaks to an origin that a person gave, by name or address', async () => {
    for (const host of ['127.0.0.1', 'here.localhost']) {
      const origin = `http://${host}:${String(port)}`;
      const socket = await net.webSocket(`${origin}/`, { reach: { given: origin } });
      await new Promise((opened) => {
        socket.addEventListener('open', opened);
      });
      const answer = new Promise<unknown>((resolved) => {
        socket.addEventListener('message', ({ data }: MessageEvent) => {
          resolved(data);
        });
      });
      socket.send('hello');
      assert.equal(await answer, 'hello');
      socket.close();
    }
  });

  it('goes nowhere else', async () => {
    const here = `http://127.0.0.1:${String(port)}/`;
    const before_ = connections;
    for (const [url, reach] of [
      [here, 'public'],
      [here, 'lan'],
      [here, { given: 'http://127.0.0.1:1' }],
      [`http://here.localhost:${String(port)}/`, 'lan'],
      ['http://169.254.169.254/', { given: 'http://169.254.169.254' }],
      [`http://user:word@127.0.0.1:${String(port)}/`, { given: `http://127.0.0.1:${String(port)}` }],
      [`ws://127.0.0.1:${String(port)}/`, 'public'],
    ] as const)
      assert.equal(await codeOf(url, reach), 'address_refused', url);
    assert.equal(connections, before_);
  });

  it('asks for a name once: what was checked is what is connected to', async () => {
    asked = 0;
    const socket = await net
      .webSocket(`http://moving.test:${String(port)}/`, { reach: 'public' })
      .catch((error: unknown) => error);
    assert.equal(asked, 1);
    if (socket instanceof WebSocket) {
      assert.equal(new URL(socket.url).hostname, '192.0.2.1');
      socket.close();
    } else assert.equal(socket instanceof MeshError && socket.code, 'address_refused');
  });
});
