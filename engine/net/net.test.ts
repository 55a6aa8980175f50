// T18, SSRF: no spelling of an address, no name and no redirect leads where it must not. Real sockets count connections.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { MeshError } from '#machines/nouns/error-codes';
import type { Clock, Net, NetRequest, Reach } from '../ports.ts';
import { placeOf } from './addresses.ts';
import { createNet, type Resolve } from './net.ts';

const clock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that counts what connects to it, on one address of this machine. */
const counting = async (
  host: string,
  port = 0,
): Promise<{ server: Server; port: number; count: () => number; serve: (how: Serve) => void }> => {
  let connections = 0;
  let how: Serve = (_, response) => response.end('here');
  const server = createServer((request, response) => {
    how(request, response);
  });
  server.on('connection', () => (connections += 1));
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    server,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    count: () => connections,
    serve: (next) => {
      how = next;
    },
  };
};

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'connected';
  } catch (error) {
    if (error instanceof MeshError) return error.code;
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
};

/** A resolver that knows these names and no other. */
const resolver =
  (names: Readonly<Record<string, readonly string[]>>): Resolve =>
  (host, done) => {
    const addresses = names[host.toLowerCase()] ?? [];
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };

/** Every way that we know to write an IPv4 address in a URL. */
const spellings = (address: string): string[] => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const whole = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0');
  const oct = (value: number, digits = 4): string => value.toString(8).padStart(digits, '0');
  const groups = `${hex((a << 8) | b, 4)}:${hex((c << 8) | d, 4)}`;
  const wide = [...address]
    .map((char) => (char === '.' ? '。' : String.fromCodePoint(0xff10 + Number(char))))
    .join('');
  return [
    address,
    `${address}.`,
    String(whole),
    `0x${whole.toString(16)}`,
    `0X${whole.toString(16).toUpperCase()}`,
    `0${whole.toString(8)}`,
    [a, b, c, d].map((byte) => `0x${hex(byte)}`).join('.'),
    [a, b, c, d].map((byte) => oct(byte)).join('.'),
    [a, b, c, d].map((byte) => oct(byte, 12)).join('.'),
    `${String(a)}.${String((b << 16) | (c << 8) | d)}`,
    `${String(a)}.${String(b)}.${String((c << 8) | d)}`,
    `0x${hex(a)}.${String(b)}.${oct(c)}.${String(d)}`,
    `0x${hex(a)}.0x${((b << 16) | (c << 8) | d).toString(16)}`,
    wide,
    address.replaceAll('.', '．'),
    address.replaceAll('.', '｡'),
    address.replaceAll('.', '%2e'),
    [...address].map((char) => `%${hex(char.charCodeAt(0))}`).join(''),
    `[::ffff:${address}]`,
    `[::FFFF:${groups}]`,
    `[0:0:0:0:0:ffff:${groups}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${groups}]`,
    `[2002:${groups}::1]`,
    `[::ffff:0:${address}]`,
    `[64:ff9b:1::${address}]`,
  ];
};

const PORT_MARK = 'PORT';

describe('the guarded way out', () => {
  let v4: Awaited<ReturnType<typeof counting>>;
  let v6: Awaited<ReturnType<typeof counting>> | null = null;
  before(async () => {
    // On every address: whatever of this machine is connected to, it is counted.
    v4 = await counting('0.0.0.0');
    try {
      v6 = await counting('::1', v4.port);
    } catch {
      // A machine without IPv6: those spellings lead nowhere at all.
    }
  });
  after(() => {
    for (const each of [v4, v6]) {
      each?.server.closeAllConnections();
      each?.server.close();
    }
  });
  const total = (): number => v4.count() + (v6?.count() ?? 0);

  const names = {
    'internal.test': ['127.0.0.1'],
    'metadata.test': ['169.254.169.254'],
    'mixed.test': ['93.184.216.34', '127.0.0.1'],
    'mixed6.test': ['2606:4700::1111', '::1'],
    'mapped.test': ['::ffff:127.0.0.1'],
    'private.test': ['192.168.0.1'],
    'zero.test': ['0.0.0.0'],
    localhost: ['127.0.0.1', '::1'],
    'localhost.': ['127.0.0.1'],
    'a.localhost': ['127.0.0.1'],
    'nowhere.test': [],
  };

  const ADDRESSES = [
    '127.0.0.1', '127.255.255.254', '127.1.2.3', '0.0.0.0', '0.0.0.1', '169.254.169.254', '169.254.1.1', '10.0.0.1', '172.16.5.4',
    '192.168.1.254', '100.64.0.1', '100.100.100.200', '224.0.0.1', '255.255.255.255', '192.0.0.192', '168.63.129.16',
  ]; // prettier-ignore

  const urls = [
    ...ADDRESSES.flatMap(spellings).map((host) => `http://${host}:${PORT_MARK}/`),
    ...[
      '[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::0]', '[fe80::1]', '[fe80::1%25lo]', '[fec0::1]', '[fd00:ec2::254]', '[fd00::1]', '[ff02::1]',
      '[::ffff:7f00:0001]', '[2001:db8::1]', '[2001:0:0:0:0:0:0:1]', 'localhost', 'LOCALHOST', 'ｌｏｃａｌｈｏｓｔ', 'localhost.', 'a.localhost', '127.1', '127.0.1',
      '0', '0x7f000001', '017700000001', '①②⑦.⓪.⓪.①', 'internal.test', 'metadata.test', 'mixed.test', 'mixed6.test', 'mapped.test', 'private.test',
      'zero.test', 'nowhere.test', 'user@127.0.0.1', 'user:pass@internal.test', '93.184.216.34@127.0.0.1', '127.0.0.1:80@internal.test',
      'user@93.184.216.34', ':@93.184.216.34:80',
    ].map((host) => `http://${host}:${PORT_MARK}/`), // prettier-ignore
    ...[
      'file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://127.0.0.1:PORT/_x', 'unix:/tmp/x', 'data:text/plain,x', 'javascript:1', 'ws://127.0.0.1:PORT/',
      '//127.0.0.1:PORT/', 'http:127.0.0.1:PORT', 'http:/127.0.0.1:PORT', 'http:\\\\127.0.0.1:PORT\\', 'http://127.0.0.1\\@93.184.216.34:PORT/', 'http://', '',
      'http://93.184.216.34:25/', 'http://93.184.216.34:22/', 'http://93.184.216.34:6667/', 'https://127.0.0.1:PORT/', 'https://[::1]:PORT/',
      'http://127.0.0.1:PORT#@93.184.216.34/', 'http://127.0.0.1:PORT?@93.184.216.34/', 'http://\t127.0.0.1:PORT/', ' http://127.0.0.1:PORT/ ',
      'http://1\n27.0.0.1:PORT/',
    ], // prettier-ignore
  ];

  it(`none of ${String(urls.length)} spellings connects: strangers reach the internet alone`, async () => {
    assert.ok(urls.length >= 400, String(urls.length));
    const net = createNet({ clock, resolve: resolver(names) });
    const seen = new Map<string, number>();
    for (const url of urls) {
      const code = await codeOf(
        net.fetch(url.replaceAll(PORT_MARK, String(v4.port)), { reach: 'public', timeoutMs: 1_000 }),
      );
      assert.ok(['address_refused', 'ENOTFOUND'].includes(code), `${url}: ${code}`);
      seen.set(code, (seen.get(code) ?? 0) + 1);
    }
    assert.equal(total(), 0);
    assert.ok((seen.get('address_refused') ?? 0) >= 400, JSON.stringify([...seen]));
  });

  it('what a network announced never leads to this machine, nor to where no agent may be', async () => {
    const net = createNet({ clock, resolve: resolver(names) });
    const elsewhere = ADDRESSES.filter((address) => placeOf(address) !== 'private').flatMap(spellings);
    const named = Object.keys(names).filter((name) => name !== 'private.test');
    for (const host of [...elsewhere, ...named]) {
      const url = `http://${host}:${String(v4.port)}/`;
      const code = await codeOf(net.fetch(url, { reach: 'lan', timeoutMs: 1_000 }));
      assert.ok(['address_refused', 'ENOTFOUND'].includes(code), `${url}: ${code}`);
    }
    assert.equal(total(), 0);
  });

  it('an origin that a person gave is reached, by any name of it, and no other origin with it', async () => {
    const net = createNet({ clock, resolve: resolver(names) });
    const port = String(v4.port);
    const before_ = total();
    for (const host of ['127.0.0.1', 'a.localhost', 'localhost', '127.1'])
      assert.equal(
        await (
          await net.fetch(`http://${host}:${port}/x`, {
            reach: { given: new URL(`http://${host}:${port}`).origin },
          })
        ).text(),
        'here',
      );
    const reached = total();
    assert.ok(reached > before_, 'the counters count');
    const others: [string, Reach][] = [
      [`http://localhost:${port}/`, { given: `http://127.0.0.1:${port}` }],
      [`http://127.0.0.1:${port}/`, { given: 'http://127.0.0.1' }],
      [`http://127.0.0.1:${port}/`, { given: `https://127.0.0.1:${port}` }],
      [`http://metadata.test:${port}/`, { given: `http://metadata.test:${port}` }],
      [`http://169.254.169.254:${port}/`, { given: `http://169.254.169.254:${port}` }],
      // A name that somebody else keeps does not turn into this machine.
      [`http://internal.test:${port}/`, { given: `http://internal.test:${port}` }],
      [`http://mixed.test:${port}/`, { given: `http://mixed.test:${port}` }],
      [`http://0.0.0.0:${port}/`, { given: `http://0.0.0.0:${port}` }],
    ];
    for (const [url, reach] of others)
      assert.equal(await codeOf(net.fetch(url, { reach })), 'address_refused', url);
    assert.equal(total(), reached);
  });

  it('a name is asked once for each connection: what was checked is what is connected to', async () => {
    const port = String(v4.port);
    const url = `http://flip.localhost:${port}/`;
    let asked = 0;
    const answers = ['127.0.0.1', '169.254.169.254', '127.0.0.1'];
    const flipping: Resolve = (_, done) => {
      done(null, [{ address: answers[asked] ?? '', family: 4 }]);
      asked += 1;
    };
    const net = createNet({ clock, resolve: flipping });
    v4.serve((request, response) => {
      response.setHeader('connection', 'close');
      response.end(request.socket.localAddress);
    });
    const reach = { given: new URL(url).origin };
    assert.equal(await (await net.fetch(url, { reach })).text(), '127.0.0.1');
    assert.equal(asked, 1);
    const before_ = total();
    assert.equal(await codeOf(net.fetch(url, { reach })), 'address_refused');
    assert.equal(asked, 2);
    assert.equal(total(), before_);
    // A stranger’s name that turns into this machine does not get there at all.
    assert.equal(await codeOf(net.fetch(url, { reach: 'public' })), 'address_refused');
    assert.equal(total(), before_);
  });

  it('a connection that one may use is not handed to another that may not', async () => {
    const net = createNet({ clock, resolve: resolver(names) });
    const url = `http://a.localhost:${String(v4.port)}/`;
    v4.serve((_, response) => response.end('here'));
    await (await net.fetch(url, { reach: { given: new URL(url).origin } })).text();
    const before_ = total();
    await (await net.fetch(url, { reach: { given: new URL(url).origin } })).text();
    assert.equal(total(), before_, 'the connection is kept');
    assert.equal(await codeOf(net.fetch(url, { reach: 'public' })), 'address_refused');
    assert.equal(await codeOf(net.fetch(url, { reach: 'lan' })), 'address_refused');
  });

  it('a redirect is an answer and never followed', async () => {
    const net = createNet({ clock });
    v4.serve((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end());
    const origin = `http://127.0.0.1:${String(v4.port)}`;
    const response = await net.fetch(`${origin}/`, { reach: { given: origin } });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), 'http://169.254.169.254/latest');
    await response.body?.cancel();
  });

  it('the daemon never calls itself, by whatever address of this machine', async () => {
    const net = createNet({ clock, resolve: resolver(names) });
    net.keepOff(v4.port);
    const before_ = total();
    for (const host of [
      '127.0.0.1',
      '127.9.9.9',
      'internal.test',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
    ]) {
      const origin = new URL(`http://${host}:${String(v4.port)}`).origin;
      assert.equal(
        await codeOf(net.fetch(`${origin}/`, { reach: { given: origin } })),
        'address_refused',
        host,
      );
    }
    assert.equal(total(), before_);
  });
});

describe('the guarded way out: bounds', () => {
  let peer: Awaited<ReturnType<typeof counting>>;
  let net: Net;
  before(async () => {
    peer = await counting('127.0.0.1');
    net = createNet({ clock });
  });
  after(() => {
    peer.server.closeAllConnections();
    peer.server.close();
  });
  const ask = (more: Partial<NetRequest> = {}): Promise<Response> => {
    const origin = `http://127.0.0.1:${String(peer.port)}`;
    return net.fetch(`${origin}/`, { reach: { given: origin }, ...more });
  };

  it('sends what it is given, and gives back status, headers and body whole', async () => {
    const body = 'ä'.repeat(100_000);
    peer.serve((request, response) => {
      response.writeHead(201, { 'x-method': request.method, 'x-got': String(request.headers['x-sent']) });
      request.pipe(response);
    });
    const response = await ask({ method: 'POST', body, headers: { 'X-Sent': '1' } });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-method'), 'POST');
    assert.equal(response.headers.get('x-got'), '1');
    assert.equal(await response.text(), body);
  });

  it('more than the limit is an error, whether it was announced or not', async () => {
    peer.serve((_, response) => response.end('x'.repeat(2 * 1024 * 1024)));
    assert.equal(await codeOf(ask().then((response) => response.text())), 'ETOOBIG');
    assert.equal((await (await ask({ maxBytes: 4 * 1024 * 1024 })).text()).length, 2 * 1024 * 1024);
  });

  it('an answer that drips is over when its time is over, before the first byte and after it', async () => {
    peer.serve(() => undefined);
    assert.equal(await codeOf(ask({ timeoutMs: 50 })), 'ETIMEDOUT');
    peer.serve((_, response) => {
      response.write('a');
    });
    assert.equal(await codeOf(ask({ timeoutMs: 50 }).then((response) => response.text())), 'ETIMEDOUT');
  });

  it('an abort ends it with the reason, before the first byte and after it', async () => {
    peer.serve((_, response) => {
      response.write('a');
    });
    const reason = Object.assign(new Error('enough'), { code: 'ENOUGH' });
    const early = new AbortController();
    const waiting = ask({ signal: early.signal });
    early.abort(reason);
    assert.equal(await codeOf(waiting), 'ENOUGH');
    const late = new AbortController();
    const reading = ask({ signal: late.signal }).then((response) => response.text());
    setTimeout(() => {
      late.abort(reason);
    }, 20);
    assert.equal(await codeOf(reading), 'ENOUGH');
    assert.equal(await codeOf(ask({ signal: AbortSignal.abort(reason) })), 'ENOUGH');
  });

  it('a stream may be silent for longer than an idle connection is kept', async () => {
    peer.serve((_, response) => {
      response.write('a');
      setTimeout(() => response.end('b'), 4_600);
    });
    assert.equal(await (await ask({ timeoutMs: null })).text(), 'ab');
  });

  it('a body that nobody wants any more closes its connection', async () => {
    const closed = new Promise((resolve) => {
      peer.serve((_, response) => {
        response.on('close', resolve);
        response.write('a');
      });
    });
    const response = await ask({ timeoutMs: null });
    await response.body?.cancel();
    await closed;
  });

  it('a connection that breaks is an error, never a short answer', async () => {
    peer.serve((request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('abc');
      setTimeout(() => request.socket.destroy(), 20);
    });
    assert.equal(await codeOf(ask().then((response) => response.text())), 'ECONNRESET');
  });

  it('an answer that is packed though nobody asked for that is refused', async () => {
    peer.serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    assert.match(await codeOf(ask()), /packed/);
  });
});
