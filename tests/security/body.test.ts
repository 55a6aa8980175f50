// T22 and T23: bodies that are too deep, too large, too slow or poisoned are refused before anything else sees them.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Answer, type Doors, openDoors } from '#api/doors.testsuite';
import { parseJson } from '#api/guard/json';
import { createLimitedServer } from '#api/listen-limits';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { statusesOf } from './requests.testsuite.ts';

let doors: Doors;
before(async () => {
  doors = await openDoors();
});
beforeEach(() => {
  doors.engine.calls.length = 0;
});
after(() => doors.close());

const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
  doors.ask({
    method: 'POST',
    path: '/api/events',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
/** An event of which one member holds the given JSON. */
const holding = (json: string): string => `{"run_id":"r","kind":"message","payload":${json}}`;
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const refused = async (
  body: string | Buffer,
  code: string,
  status: number,
): Promise<Record<string, unknown>> => {
  const answer = await post(body);
  assert.equal(answer.status, status, answer.text.slice(0, 200));
  assert.equal(answer.json()['code'], code);
  assert.deepEqual(doors.engine.calls, []);
  return answer.json();
};

describe('depth', () => {
  it('ends at the limit, however deep the body claims to be', async () => {
    await post(holding(nested(LIMITS.jsonDepth - 1)));
    assert.equal(doors.engine.calls.length, 1);
    doors.engine.calls.length = 0;
    for (const depth of [LIMITS.jsonDepth, 1_000, 100_000])
      await refused(holding(nested(depth)), 'invalid_json', 400);
    await refused('{"a":'.repeat(40_000), 'invalid_json', 400);
    await refused('['.repeat(200_000), 'invalid_json', 400);
  });
});

describe('prototype keys', () => {
  it('are refused at any depth and in any spelling', async () => {
    for (const body of [
      '{"__proto__":{"role":"owner"}}',
      '{"\\u005f_proto__":1}',
      '{"__pr\\u006Fto__":1}',
      holding('[{"a":{"__proto__":null}}]'),
    ])
      assert.match(String((await refused(body, 'invalid_json', 400))['detail']), /__proto__/);
    assert.equal(({} as Record<string, unknown>)['role'], undefined);
  });

  it('as mere text are data', async () => {
    await post(holding('{"text":"__proto__","constructor":"x"}'));
    assert.equal(doors.engine.calls.length, 1);
  });
});

describe('size', () => {
  const filled = (bytes: number): string => {
    const empty = holding('{"role":"user","text":""}');
    return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
  };

  it('ends at the limit, declared or not', async () => {
    assert.equal((await post(filled(LIMITS.requestBodyBytes))).status, 201);
    doors.engine.calls.length = 0;
    const large = filled(LIMITS.requestBodyBytes + 1);
    await refused(large, 'payload_too_large', 413);
    const chunked = await post(large, { 'transfer-encoding': 'chunked' });
    assert.equal(chunked.status, 413);
    await refused(filled(3_000_000), 'payload_too_large', 413);
    assert.deepEqual(doors.engine.calls, []);
  });

  it('a body that never ends is not read for ever', async () => {
    const endless = connect(doors.port, '127.0.0.1');
    endless.on('error', () => undefined);
    endless.write(
      `POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:${String(doors.port)}\r\nContent-Type: application/json\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const send = (): void => {
      while (endless.writable && endless.write(chunk));
      endless.once('drain', send);
    };
    send();
    endless.resume();
    await new Promise((resolve) => endless.on('close', resolve));
    assert.deepEqual(doors.engine.calls, []);
  });

  it('no body is read where none has a meaning', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await doors.ask({
        method,
        path: '/api/agents/calc',
        headers: { 'content-length': '2' },
        body: '{}',
      });
      assert.equal(answer.json()['code'], 'bad_request');
    }
    assert.deepEqual(doors.engine.calls, []);
  });
});

describe('content', () => {
  it('must be JSON in UTF-8, and the fault is named with its place', async () => {
    const problem = await refused('{"a": 1,\n "b": tru }', 'invalid_json', 400);
    assert.deepEqual([problem['line'], problem['column'], problem['offset']], [2, 7, 15]);
    await refused('', 'invalid_json', 400);
    await refused(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_json', 400);
    await refused('{"a":1}{"b":2}', 'invalid_json', 400);
  });

  it('is not decompressed', async () => {
    const answer = await post('x', { 'content-encoding': 'gzip' });
    assert.equal(answer.status, 415);
  });

  it('with two lengths, or with a length and chunks, is refused (request smuggling)', async () => {
    const head = `POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:${String(doors.port)}\r\nContent-Type: application/json\r\n`;
    for (const lengths of [
      'Content-Length: 2\r\nContent-Length: 3\r\n',
      'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
      'Content-Length: +2\r\n',
    ]) {
      const wire = await doors.raw(`${head}${lengths}Connection: close\r\n\r\n{}`);
      assert.deepEqual(statusesOf(wire), [400], lengths);
    }
    const twice = await doors.raw(
      `${head}Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    assert.deepEqual(statusesOf(twice), [400]);
    assert.deepEqual(doors.engine.calls, []);
  });
});

describe('the JSON reader', () => {
  const throwsFault = (text: string): boolean => {
    try {
      parseJson(text);
      return false;
    } catch (error) {
      assert.ok(error instanceof MeshError && error.code === 'invalid_json', String(error));
      return true;
    }
  };
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  it('gives what JSON.parse gives for any JSON (property)', () => {
    const json = fc.json({ maxDepth: 8 }).filter((text) => !text.includes('__proto__'));
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        assert.deepEqual(parseJson(spaced), JSON.parse(spaced));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes and refuses exactly what JSON.parse does, for spoilt JSON too (property)', () => {
    const piece = fc.constantFrom(
      '{', '}', '[', ']', ',', ':', '"', '"a"', '"\\u12"', '"\\x"', '\\', '0', '-', '01', '1.5e+3', '.5', 'true', 'nul', ' ', '\n', '\t',
      '\u0000', '\u00a0', '\ufeff', "'", '/', 'NaN', '"\n"',
    ); // prettier-ignore
    const spoilt = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(4), fc.oneof(piece, fc.string({ maxLength: 2 })))
      .map(([text, at, cut, put]) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + put + text.slice(i + cut);
      });
    const texts = fc.oneof(
      spoilt,
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(
        texts.filter((text) => !text.includes('__proto__')),
        (text) => {
          assert.equal(throwsFault(text), !isJson(text), JSON.stringify(text));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('headers', () => {
  const own = (): string =>
    `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${String(doors.port)}\r\nConnection: close\r\n`;

  it('end at a size and at a number', async () => {
    assert.deepEqual(
      statusesOf(await doors.raw(`${own()}X: ${'x'.repeat(LIMITS.headerBytes)}\r\n\r\n`)),
      [431],
    );
    const many = Array.from({ length: LIMITS.headerCount }, (_, i) => `X-${String(i)}: 1\r\n`).join('');
    assert.deepEqual(statusesOf(await doors.raw(`${own()}${many}\r\n`)), [400]);
    assert.deepEqual(statusesOf(await doors.raw(`${own()}\r\n`)), [200]);
  });

  it('that do not come in time end the connection; others are served meanwhile', async () => {
    const slow = Promise.all(
      Array.from({ length: 50 }, () =>
        doors.raw(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${String(doors.port)}\r\nX: `),
      ),
    );
    assert.deepEqual(statusesOf(await doors.raw(`${own()}\r\n`)), [200]);
    for (const wire of await slow) assert.deepEqual(statusesOf(wire), [408]);
  });

  it('and bodies have their limits set on every server that is made', () => {
    const server = createLimitedServer();
    assert.equal(server.headersTimeout, LIMITS.headersTimeoutMs);
    assert.equal(server.requestTimeout, LIMITS.requestTimeoutMs);
    assert.equal(server.keepAliveTimeout, LIMITS.keepAliveTimeoutMs);
    assert.equal(server.maxConnections, LIMITS.connections);
  });
});
