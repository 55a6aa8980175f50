// Announcements: what an honest one means, and that no other one means anything.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readAnnouncement, type Link } from './announcement.ts';
import type { Heard } from './heard.ts';

const LINKS: readonly Link[] = [
  { address: '127.0.0.1', cidr: '127.0.0.1/8', isLoopback: true },
  { address: '192.168.1.10', cidr: '192.168.1.10/24', isLoopback: false },
  { address: '169.254.7.7', cidr: '169.254.7.7/16', isLoopback: false },
];
const OWN = [{ host: '127.0.0.1', port: 8_321 }];

const heard = (more: Partial<Heard> = {}): Heard => ({
  type: 'a2a',
  fqdn: 'calc._a2a._tcp.local',
  host: 'box.local',
  port: 9_001,
  txt: {},
  from: '192.168.1.7',
  ...more,
});
const read = (more: Partial<Heard> = {}) => readAnnouncement(heard(more), LINKS, OWN);
const urlOf = (more: Partial<Heard> = {}): string | undefined => {
  const reading = read(more);
  return reading.ok ? reading.entry.url : undefined;
};
const whyOf = (more: Partial<Heard> = {}): string => {
  const reading = read(more);
  return reading.ok || reading.isOwn ? 'nothing' : reading.why;
};

describe('announcements: honest ones', () => {
  it('name the machine that sent them, at the port of their service', () => {
    assert.equal(urlOf(), 'http://192.168.1.7:9001');
    assert.equal(urlOf({ txt: { path: '/agents/calc' } }), 'http://192.168.1.7:9001/agents/calc');
    assert.equal(urlOf({ txt: { protocol: 'https' } }), 'https://192.168.1.7:9001');
  });

  it('may give a url, by address or by the name of their host', () => {
    assert.equal(urlOf({ txt: { url: 'http://192.168.1.7:9001/a2a' } }), 'http://192.168.1.7:9001/a2a');
    assert.equal(urlOf({ txt: { url: 'http://Box.local:9001/a2a' } }), 'http://192.168.1.7:9001/a2a');
    assert.equal(urlOf({ port: 80, txt: { url: 'http://box.local/' } }), 'http://192.168.1.7');
  });

  it('of a gateway give its port, and whether it speaks TLS', () => {
    const gateway = { type: 'openclaw-gw', port: 18_790 } as const;
    assert.equal(urlOf({ ...gateway, txt: { gatewayPort: '18790' } }), 'http://192.168.1.7:18790');
    assert.equal(urlOf({ ...gateway, txt: { gatewayTls: '1' } }), 'https://192.168.1.7:18790');
    assert.match(whyOf({ ...gateway, txt: { gatewayPort: '22' } }), /another port/);
    // Its path is none of an agent’s.
    assert.equal(urlOf({ ...gateway, txt: { path: '/x' } }), 'http://192.168.1.7:18790');
  });

  it('from this machine are told apart from those of others', () => {
    const local = read({ from: '127.0.0.1' });
    assert.ok(local.ok && local.isLocal);
    const lan = read({ from: '192.168.1.10' });
    assert.ok(lan.ok && lan.isLocal);
    const other = read();
    assert.ok(other.ok && !other.isLocal);
  });
});

describe('announcements: those that are not taken', () => {
  it('our own, by whatever name and interface', () => {
    for (const from of ['127.0.0.1', '127.0.0.9', '192.168.1.10'])
      assert.deepEqual(read({ from, port: 8_321 }), { ok: false, isOwn: true });
    assert.equal(
      urlOf({ port: 8_321 }),
      'http://192.168.1.7:8321',
      'the same port elsewhere is another daemon',
    );
  });

  it('that name another machine, port or protocol in their url', () => {
    const cases: readonly [string, RegExp][] = [
      ['http://192.168.1.8:9001/', /another machine/],
      ['http://127.0.0.1:9001/', /another machine/],
      ['http://169.254.169.254:9001/latest/meta-data/', /another machine/],
      ['http://example.com:9001/', /another machine/],
      ['http://box.local:22/', /another port/],
      ['http://box.local/', /another port/],
      ['javascript:alert(1)', /neither http nor https/],
      ['file:///etc/passwd', /neither http nor https/],
      ['data:text/html,x', /neither http nor https/],
      ['//box.local:9001/', /cannot be read/],
      ['http://', /cannot be read/],
      ['http://user:secret@box.local:9001/', /credential/],
      ['http://192.168.1.7@evil.example:9001/', /credential/],
    ];
    for (const [url, why] of cases) assert.match(whyOf({ txt: { url } }), why, url);
  });

  it('that come from outside of the link, or from an address that nobody has', () => {
    for (const from of ['8.8.8.8', '10.0.0.1', '192.168.2.7', '', 'fe80::1', 'box.local'])
      assert.match(whyOf({ from }), /outside of this link/, from);
    for (const from of ['169.254.169.254', '169.254.7.8', '0.0.0.0', '224.0.0.251', '255.255.255.255'])
      assert.match(whyOf({ from }), /outside of this link/, from);
  });

  it('that hold what moves a cursor or turns text round', () => {
    assert.match(whyOf({ fqdn: 'a\u001b[31m._a2a._tcp.local' }), /control characters/);
    assert.match(whyOf({ fqdn: 'a\u202e._a2a._tcp.local' }), /control characters/);
    assert.match(whyOf({ host: 'a\r\n.local' }), /control characters/);
    assert.match(whyOf({ txt: { path: '/a\n' } }), /control characters/);
  });

  it('that have no path where a path should be', () => {
    for (const path of ['a', '//evil.example/x', 'http://evil.example/', ''])
      assert.match(whyOf({ txt: { path } }), /no path/, path);
  });

  it('that have no port', () => {
    for (const port of [0, -1, 65_536]) assert.match(whyOf({ port }), /no port/);
  });

  it('of another form: keys that are not ours, numbers for words, too long', () => {
    for (const other of [
      null,
      7,
      [],
      { ...heard(), token: 'secret' },
      { ...heard(), txt: { token: 'secret' } },
      { ...heard(), txt: { url: 7 } },
      { ...heard(), fqdn: 'x'.repeat(256) },
      { ...heard(), type: 'ssh' },
      { ...heard(), port: 9_001.5 },
    ])
      assert.equal(readAnnouncement(other, LINKS, OWN).ok, false);
  });
});

describe('announcements: whatever is heard (property)', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.webUrl(),
    fc.constantFrom('http://box.local:9001/x?token=1#2', 'https://192.168.1.7:9001', '/..//', '/%2e%2e/'),
  );
  const anything = fc.record({
    type: fc.constantFrom('a2a', 'openclaw-gw'),
    fqdn: word,
    host: fc.oneof(word, fc.constant('box.local')),
    port: fc.oneof(fc.integer(), fc.constant(9_001)),
    txt: fc.dictionary(fc.constantFrom('url', 'path', 'protocol', 'gatewayPort', 'gatewayTls'), word),
    from: fc.oneof(fc.ipV4(), fc.constantFrom('192.168.1.7', '127.0.0.1')),
  });

  it('an agent is at the address that spoke, at its port, over http, with nothing of a credential', () => {
    fc.assert(
      fc.property(anything, (service) => {
        const reading = readAnnouncement(service, LINKS, OWN);
        if (!reading.ok) return;
        const url = new URL(reading.entry.url ?? '');
        assert.equal(url.hostname, service.from);
        assert.equal(
          Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port),
          service.port,
        );
        assert.match(url.protocol, /^https?:$/);
        assert.equal(url.username + url.password + url.search + url.hash, '');
        assert.ok(['127.', '192.168.1.'].some((near) => url.hostname.startsWith(near)));
        assert.deepEqual(Object.keys(reading.entry), ['url']);
      }),
      { numRuns: 2_000 },
    );
  });

  it('anything at all is answered, not thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (service) => {
        assert.equal(readAnnouncement(service, LINKS, OWN).ok, false);
      }),
    );
  });
});
