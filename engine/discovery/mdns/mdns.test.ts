// The local link for real, on loopback at a private port: what is announced is found, what is hostile does nothing.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testPorts } from '../../events/arbitraries.ts';
import type { FoundAgent, OwnPlace } from '../source.ts';
import { createMdns, type MdnsSource } from './mdns.ts';
import { openTestLink, recordsOf, type TestLink } from './mdns.testlink.ts';

let link: TestLink;
let source: MdnsSource;
const found: FoundAgent[] = [];
const own: OwnPlace[] = [];

const make = (port: number, interfaces: readonly string[] | null = ['127.0.0.1']): MdnsSource =>
  createMdns({
    settings: { port, interfaces },
    ports: testPorts(),
    own: () => own,
    gateway: (url) => Promise.resolve(url.endsWith(':666') ? null : { kind: 'gateway', url }),
  });

const begin = (of: MdnsSource): void => {
  of.begin((more) => void found.push(...more));
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 400 && !holds(); tries += 1) await sleep(25);
  assert.ok(holds(), what);
};
const isListening = (): boolean => source.state().detail.includes('127.0.0.1');
const urls = (): (string | undefined)[] => [...new Set(found.map(({ entry }) => entry.url))].sort();

beforeEach(async () => {
  found.length = 0;
  own.length = 0;
  link = await openTestLink();
  source = make(link.port);
});
afterEach(async () => {
  await source.close();
  await link[Symbol.asyncDispose]();
});

describe('mDNS: finding', () => {
  it('finds what is there before it looks, and what comes later', async () => {
    link.announce({ type: 'a2a', name: 'early', port: 9_001, txt: { path: '/x', v: '1' } });
    begin(source);
    await until('the early one', () => urls().includes('http://127.0.0.1:9001/x'));
    link.announce({ type: 'openclaw-gw', name: 'vm (OpenClaw)', port: 9_002, txt: { gatewayPort: '9002' } });
    await until('the late one', () => urls().includes('http://127.0.0.1:9002'));
    const [early] = found;
    assert.deepEqual(early, {
      entry: { url: 'http://127.0.0.1:9001/x' },
      provenance: 'local',
      detail: 'early._a2a._tcp.local',
    });
    assert.equal(found.find(({ detail }) => detail.startsWith('vm'))?.entry.kind, 'gateway');
    assert.deepEqual([source.state().state, source.state().found, source.state().problem], ['on', 2, null]);
  });

  it('asks again when it is told to look, and says again who is there', async () => {
    begin(source);
    await until('listening', isListening);
    link.announce({ type: 'a2a', name: 'one', port: 9_001 });
    await until('the one', () => found.length === 1);
    await source.look(AbortSignal.timeout(5_000));
    assert.ok(found.length >= 2);
    assert.equal(urls().length, 1);
  });

  it('two interfaces and a hundred repetitions are one agent, told once', async () => {
    await source.close();
    source = make(link.port, ['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    begin(source);
    await until('listening', () => source.state().detail.includes('127.0.0.3'));
    const records = recordsOf({ type: 'a2a', name: 'loud', port: 9_001 });
    for (let time = 0; time < 100; time += 1) await link.send(records);
    await until('the loud one', () => found.length > 0);
    for (let time = 0; time < 100; time += 1) await link.send(records);
    await link.send(recordsOf({ type: 'a2a', name: 'last', port: 9_002 }));
    await until('what came after', () => urls().length === 2);
    assert.equal(found.length, 2);
  });

  it('a goodbye takes nobody away', async () => {
    begin(source);
    const agent = link.announce({ type: 'a2a', name: 'polite', port: 9_001 });
    await until('the polite one', () => found.length === 1);
    await agent.stop();
    const forged = recordsOf({ type: 'a2a', name: 'polite', port: 9_001 }).map((record) => ({
      ...record,
      ttl: 0,
    }));
    await link.send(forged);
    await source.look(AbortSignal.timeout(5_000));
    assert.equal(source.state().found, 1);
  });
});

describe('mDNS: announcing', () => {
  it('is heard by another program, at the address that it listens at, and ends with a goodbye', async () => {
    own.push({ host: '127.0.0.1', port: 8_321 });
    begin(source);
    await until('listening', isListening);
    source.announce({
      name: 'AgentMesh on host (1234)',
      address: '127.0.0.1',
      port: 8_321,
      txt: { url: 'http://127.0.0.1:8321', name: 'agentmesh', v: '1' },
    });
    const browser = link.browse('a2a');
    await until('our announcement', () => browser.services.length === 1);
    const [service] = browser.services;
    assert.deepEqual(
      { ...(service?.txt as object) },
      { url: 'http://127.0.0.1:8321', name: 'agentmesh', v: '1' },
    );
    assert.deepEqual(service?.addresses, ['127.0.0.1'], 'no address at which nobody listens');
    await source.look(AbortSignal.timeout(5_000));
    assert.deepEqual(found, [], 'we are no agent of our own');
    assert.equal(source.state().ignored, 0);
    await source.close();
    await until('the goodbye', () => browser.services.length === 0);
  });
});

describe('mDNS: what is hostile', () => {
  it('is counted, said once, and named by nobody', async () => {
    begin(source);
    await until('listening', isListening);
    const at = (name: string, port: number, txt: Readonly<Record<string, string>>): object[] =>
      recordsOf({ type: 'a2a', name, port, txt });
    await link.send(at('elsewhere', 9_001, { url: 'http://10.1.2.3:9001/' }));
    await link.send(at('metadata', 80, { url: 'http://169.254.169.254/latest/' }));
    await link.send(at('script', 9_001, { url: 'javascript:alert(1)' }));
    await link.send(at('esc\u001b[2J', 9_001, {}));
    await link.send(at('credential', 9_001, { url: 'http://a:b@127.0.0.1:9001/' }));
    await link.send(recordsOf({ type: 'openclaw-gw', name: 'nobody', port: 666 }));
    await link.send(at('good', 9_009, { url: 'http://127.0.0.1:9009/x?token=secret', token: 'secret' }));
    await until('the good one', () => found.length > 0);
    await until('the others', () => source.state().ignored === 6);
    assert.deepEqual(urls(), ['http://127.0.0.1:9009/x']);
    assert.ok(!JSON.stringify(found).includes('secret'));
    assert.match(source.state().ignored_last ?? '', /adapter|machine|http|control|credential/);
  });

  it('huge, torn and senseless packets end nothing', async () => {
    begin(source);
    await until('listening', isListening);
    const huge = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`key${String(n)}`, 'x'.repeat(200)]),
    );
    await link.send(recordsOf({ type: 'a2a', name: 'huge', port: 9_001, txt: huge }));
    await link.send(
      recordsOf({ type: 'a2a', name: 'proto', port: 9_002, txt: { ['__proto__']: 'x', constructor: 'y' } }),
    );
    await link.send([{ name: '_a2a._tcp.local', type: 'PTR', ttl: 120, data: 'lonely._a2a._tcp.local' }]);
    await link.send([{ name: '_a2a._tcp.local', type: 'PTR', ttl: 120, data: '' }]);
    for (const length of [0, 1, 11, 12, 13, 100, 9_000])
      await link.sendRaw(new Uint8Array(length).fill(0xc0));
    await link.send(recordsOf({ type: 'a2a', name: 'after', port: 9_003 }));
    await until('what came after', () => urls().includes('http://127.0.0.1:9003'));
    assert.deepEqual([source.state().state, source.state().problem], ['on', null]);
  });

  it('a flood of names is bounded', async () => {
    begin(source);
    await until('listening', isListening);
    for (let n = 0; n < 3_000; n += 1) {
      await link.send(recordsOf({ type: 'a2a', name: `n${String(n)}`, port: 1 + (n % 60_000) }));
      if (n % 100 === 0) await sleep(1);
    }
    await until('enough', () => found.length > 100);
    await source.look(AbortSignal.timeout(5_000));
    assert.ok(source.state().found <= 1_000, `${String(source.state().found)} were told`);
  });
});

describe('mDNS: when it cannot', () => {
  it('says why, once, goes on trying, and hurts nobody', async () => {
    const holder = createSocket({ type: 'udp4', reuseAddr: false });
    holder.bind(0, '0.0.0.0');
    await once(holder, 'listening');
    const taken = make(holder.address().port);
    try {
      begin(taken);
      await until('the problem', () => taken.state().problem !== null);
      assert.equal(taken.state().state, 'failed');
      assert.match(taken.state().problem ?? '', /EADDRINUSE/);
      await taken.look(AbortSignal.timeout(5_000));
      taken.announce({ name: 'x', address: '127.0.0.1', port: 1, txt: {} });
      assert.deepEqual(found, []);
    } finally {
      await taken.close();
      holder.close();
    }
  });

  it('an interface that is not there is no reason to end', async () => {
    await source.close();
    source = make(link.port, ['127.0.0.1', '203.0.113.77']);
    begin(source);
    await until('listening', isListening);
    link.announce({ type: 'a2a', name: 'one', port: 9_001 });
    await until('the one', () => found.length === 1);
  });

  it('closing before, while and after it begins leaves nothing', async () => {
    const never = make(link.port);
    await never.close();
    begin(never);
    await never.look(AbortSignal.timeout(1_000));
    const at = make(link.port);
    begin(at);
    await at.close();
    await at.close();
    assert.deepEqual(found, []);
  });
});
