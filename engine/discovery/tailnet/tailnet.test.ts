// The tailnet against a tailscaled of our own making on a real Unix socket: who is asked, how, and who is not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '#machines/nouns/limits';
import { testPorts } from '../../events/arbitraries.ts';
import { nodeLocalHttp } from '../../ports-node.ts';
import type { FoundAgent, Source } from '../source.ts';
import { peersOf, TailnetStatusSchema } from './peers.ts';
import { createTailnet, PEER_PORTS } from './tailnet.ts';

interface PeerSaid {
  readonly HostName?: string;
  readonly DNSName?: string;
  readonly TailscaleIPs?: readonly string[] | null;
  readonly Online?: boolean;
}

let folder = '';
let socket = '';
let server: Server | null = null;
let answer: { status: number; body: string } = { status: 200, body: '{}' };
const requests: IncomingMessage[] = [];
const asked: string[] = [];
let withCard: readonly string[] = [];
let source: Source;
const found: FoundAgent[] = [];

const says = (peers: Readonly<Record<string, PeerSaid>>, more: object = {}): void => {
  const status = {
    BackendState: 'Running',
    Self: { TailscaleIPs: ['100.64.0.1', 'fd7a:115c:a1e0::1'] },
    Peer: peers,
    ...more,
  };
  answer = { status: 200, body: JSON.stringify(status) };
};

const startTailscaled = async (): Promise<void> => {
  const made = createServer((request, response) => {
    requests.push(request);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  made.listen(socket);
  await once(made, 'listening');
  server = made;
};

const stopTailscaled = async (): Promise<void> => {
  const running = server;
  server = null;
  if (running === null) return;
  running.closeAllConnections();
  await new Promise((resolve) => running.close(resolve));
};

const look = async (): Promise<void> => {
  await source.look(AbortSignal.timeout(10_000));
};
const state = (): readonly [string, string | null] => [source.state().state, source.state().problem];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailnet-'));
  socket = join(folder, 'tailscaled.sock');
  requests.length = 0;
  asked.length = 0;
  found.length = 0;
  withCard = [];
  says({});
  source = createTailnet({
    sockets: [join(folder, 'other.sock'), socket],
    http: nodeLocalHttp,
    hasCard: (url) => {
      asked.push(url);
      return Promise.resolve(withCard.includes(url));
    },
    ports: testPorts(),
  });
});
afterEach(async () => {
  await source.close();
  await stopTailscaled();
  rmSync(folder, { recursive: true, force: true });
});

const begin = (): void => {
  source.begin((more) => void found.push(...more));
};

describe('tailnet: looking', () => {
  it('asks tailscaled as it wants to be asked, and peers on line at the ports of agents', async () => {
    await startTailscaled();
    says({
      a: { DNSName: 'box.tail1234.ts.net.', TailscaleIPs: ['100.64.0.7', 'fd7a:115c:a1e0::7'], Online: true },
      b: { HostName: 'six', TailscaleIPs: ['fd7a:115c:a1e0::8'], Online: true },
      c: { HostName: 'asleep', TailscaleIPs: ['100.64.0.9'], Online: false },
    });
    withCard = ['http://100.64.0.7:8321', 'http://[fd7a:115c:a1e0::8]:18789'];
    begin();
    await look();
    assert.deepEqual(
      asked.toSorted(),
      PEER_PORTS.flatMap((port) => [
        `http://100.64.0.7:${String(port)}`,
        `http://[fd7a:115c:a1e0::8]:${String(port)}`,
      ]).toSorted(),
    );
    assert.deepEqual(
      found.map(({ entry, provenance, detail }) => [entry, provenance, detail]).toSorted(),
      [
        [{ url: 'http://100.64.0.7:8321' }, 'tailnet', 'box.tail1234.ts.net'],
        [{ url: 'http://[fd7a:115c:a1e0::8]:18789' }, 'tailnet', 'six'],
      ].toSorted(),
    );
    const [request] = requests;
    assert.deepEqual(
      [request?.method, request?.url, request?.headers.host],
      ['GET', '/localapi/v0/status', 'local-tailscaled.sock'],
    );
    assert.deepEqual(
      ['origin', 'referer', 'authorization'].map((name) => request?.headers[name]),
      [undefined, undefined, undefined],
    );
    assert.deepEqual([...state(), source.state().found], ['on', null, 2]);
  });

  it('one that is gone with the next look is no longer among those that it names', async () => {
    await startTailscaled();
    says({ a: { HostName: 'a', TailscaleIPs: ['100.64.0.7'], Online: true } });
    withCard = ['http://100.64.0.7:8321'];
    begin();
    await look();
    says({});
    await look();
    assert.equal(source.state().found, 0);
  });
});

describe('tailnet: whom it never asks', () => {
  it('ourselves, and addresses that are none of the tailnet, whatever tailscaled says', async () => {
    await startTailscaled();
    const all = [
      '100.64.0.1',
      '127.0.0.1',
      '169.254.169.254',
      '10.0.0.1',
      '192.168.1.1',
      '8.8.8.8',
      '100.115.92.5',
      '100.128.0.1',
      '::1',
      'fe80::1',
      'fd00::1',
      'fd7a:115c:a1e0::1',
      '100.64.0.7:80',
      'evil.example',
      '',
    ];
    says(Object.fromEntries(all.map((address, n) => [String(n), { TailscaleIPs: [address], Online: true }])));
    begin();
    await look();
    assert.deepEqual(asked, []);
    assert.deepEqual(state(), ['on', null]);
  });

  it('more than a few hundred', () => {
    const peers = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [
        String(n),
        { TailscaleIPs: [`100.64.${String(n >> 8)}.${String(n & 255)}`], Online: true },
      ]),
    );
    assert.equal(peersOf(TailnetStatusSchema.parse({ Peer: peers })).length, LIMITS.tailnetPeers);
  });

  it('anything that is no address of the tailnet (property)', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string());
    const peer = fc.record({
      HostName: fc.string(),
      DNSName: fc.string(),
      TailscaleIPs: fc.option(fc.array(address)),
      Online: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), peer), (peers) => {
        for (const { address: one } of peersOf(TailnetStatusSchema.parse({ Peer: peers })))
          assert.match(one, /^(100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|fd7a:115c:a1e0:)/i);
      }),
    );
  });
});

describe('tailnet: when there is none, or it fails', () => {
  it('no socket is no tailnet, and no problem', async () => {
    begin();
    await look();
    assert.deepEqual(state(), ['absent', null]);
    assert.match(source.state().detail, /no tailscaled/);
  });

  it('a socket file that nobody listens at, or that is none, is no tailnet either', async () => {
    writeFileSync(socket, '');
    begin();
    await look();
    assert.deepEqual(state(), ['absent', null]);
  });

  it('a tailscaled that is logged out says so', async () => {
    await startTailscaled();
    says({}, { BackendState: 'NeedsLogin' });
    begin();
    await look();
    assert.deepEqual([state()[0], source.state().detail], ['absent', 'tailscaled is NeedsLogin']);
  });

  it('what cannot be understood is a problem that passes', async () => {
    await startTailscaled();
    const cases: readonly (readonly [number, string, RegExp])[] = [
      [403, 'access denied', /answered 403/],
      [200, 'not JSON', /JSON/],
      [200, '[]', /not understood/],
      [200, '{"Peer": 7}', /not understood/],
      [200, `"${'x'.repeat(LIMITS.tailnetStatusBytes)}"`, /over \d+ bytes/],
    ];
    begin();
    for (const [status, body, problem] of cases) {
      answer = { status, body };
      await look();
      assert.equal(source.state().state, 'failed');
      assert.match(source.state().problem ?? '', problem);
    }
    says({});
    await look();
    assert.deepEqual(state(), ['on', null]);
  });

  it('one that never answers is not waited for', async () => {
    const silent = createServer(() => undefined);
    silent.listen(socket);
    await once(silent, 'listening');
    server = silent;
    begin();
    await look();
    assert.equal(source.state().state, 'failed');
  });
});
