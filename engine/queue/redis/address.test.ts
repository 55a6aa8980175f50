// The URL of a Redis: what is taken, what is refused, and that no error and no display holds a password.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MeshError } from '#machines/nouns/error-codes';
import { readRedisUrl } from './address.ts';

test('takes hosts, ports, databases, credentials, TLS and sockets', () => {
  const read = (url: string) => readRedisUrl(url, '--redis');
  assert.deepEqual(read('redis://127.0.0.1'), {
    options: { host: '127.0.0.1', port: 6379, db: 0 },
    shown: 'redis://127.0.0.1:6379',
  });
  assert.deepEqual(read('redis://localhost:7000/3'), {
    options: { host: 'localhost', port: 7000, db: 3 },
    shown: 'redis://localhost:7000/3',
  });
  assert.deepEqual(read('redis://[::1]:7000').options, { host: '::1', port: 7000, db: 0 });
  assert.deepEqual(read('rediss://mesh:p%40ss%2Fword@redis.example/0'), {
    options: {
      host: 'redis.example',
      port: 6379,
      db: 0,
      user: 'mesh',
      password: 'p@ss/word',
      tls: { servername: 'redis.example' },
    },
    shown: 'rediss://redis.example:6379',
  });
  assert.deepEqual(read('redis://:secret@10.0.0.7').options, {
    host: '10.0.0.7',
    port: 6379,
    db: 0,
    password: 'secret',
  });
  assert.deepEqual(read('unix:/run/redis%20one.sock'), {
    options: { path: '/run/redis one.sock' },
    shown: 'unix:/run/redis one.sock',
  });
});

test('refuses another machine without a password, however this machine is spelt', () => {
  for (const host of [
    '10.0.0.7',
    'redis.example',
    '[fe80::1]',
    '0.0.0.0',
    '127.1',
    '128.0.0.1',
    'localhost.example',
  ])
    assert.throws(
      () => readRedisUrl(`redis://${host}:6379`, '--redis'),
      (error) =>
        error instanceof MeshError &&
        error.code === 'bad_request' &&
        error.detail.includes('without a password'),
      host,
    );
  // A user alone is no credential.
  assert.throws(() => readRedisUrl('redis://mesh@10.0.0.7', '--redis'), /without a password/);
});

test('refuses what is no URL of a Redis', () => {
  for (const url of [
    '',
    'localhost:6379',
    'http://127.0.0.1',
    'redis://',
    'redis://127.0.0.1:66666',
    'redis://127.0.0.1/one',
    'redis://127.0.0.1/0?password=x',
    'redis://127.0.0.1#x',
    'redis://%zz:%zz@127.0.0.1',
    'unix:',
    'unix:/',
    'unix://host/path',
  ])
    assert.throws(
      () => readRedisUrl(url, 'queue.redis'),
      (error) => error instanceof MeshError && error.detail.startsWith('queue.redis '),
      url,
    );
});

test('never says a password, whatever the URL', () => {
  const secret = 'hunter2-hunter2';
  const part = fc.constantFrom(
    '',
    '@',
    ':',
    '/',
    '?',
    '#',
    '%',
    '%40',
    '[',
    ']',
    'redis://',
    'unix:',
    secret,
    'h',
    '1',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const url = `redis://u:${secret}@${parts.join('')}`;
      try {
        assert.ok(!readRedisUrl(url, '--redis').shown.includes(`:${secret}@`));
      } catch (error) {
        assert.ok(error instanceof MeshError && !error.detail.includes(`:${secret}@`), String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});
