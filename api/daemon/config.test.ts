// Flags over environment over defaults, and nothing but loopback.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { MeshError } from '#machines/nouns/error-codes';
import { isLoopback, readConfig } from './config.ts';

test('defaults are those of the earlier tools', () => {
  assert.deepEqual(readConfig({}, {}), {
    dataDir: join(homedir(), '.agentmesh'),
    host: '127.0.0.1',
    port: 8321,
    bootstrap: null,
    synchronous: 'FULL',
    discovery: ['mdns', 'programs', 'tailnet'],
    announce: false,
    mdnsPort: 5353,
    mdnsInterfaces: null,
    tailscaled: null,
    logLevel: 'info',
    redis: null,
    a2aTeam: null,
  });
});

test('a flag goes over its variable, a variable over the default, and an empty variable is none', () => {
  const env = {
    AGENTMESH_DATA_DIR: '/env',
    AGENTMESH_HOST: '127.0.0.2',
    AGENTMESH_PORT: '1111',
    AGENTMESH_BOOTSTRAP: '/env.json',
    AGENTMESH_SYNCHRONOUS: 'normal',
    AGENTMESH_DISCOVERY: 'off',
    AGENTMESH_ANNOUNCE: 'off',
    AGENTMESH_MDNS_PORT: '15353',
    AGENTMESH_MDNS_INTERFACES: '127.0.0.1,192.168.1.2',
    AGENTMESH_TAILSCALED: '/env.sock',
    AGENTMESH_LOG_LEVEL: 'warn',
    AGENTMESH_REDIS_URL: 'redis://:secret@127.0.0.1',
  };
  assert.deepEqual(readConfig({}, env), {
    dataDir: '/env',
    host: '127.0.0.2',
    port: 1111,
    bootstrap: '/env.json',
    synchronous: 'NORMAL',
    discovery: [],
    announce: false,
    mdnsPort: 15353,
    mdnsInterfaces: ['127.0.0.1', '192.168.1.2'],
    tailscaled: '/env.sock',
    logLevel: 'warn',
    redis: { url: 'redis://:secret@127.0.0.1', from: 'AGENTMESH_REDIS_URL' },
    a2aTeam: null,
  });
  const flags = {
    dataDir: '/flag',
    host: '127.0.0.3',
    port: '0',
    bootstrap: '/flag.json',
    synchronous: 'FULL',
    discovery: 'tailnet,mdns',
    announce: 'on',
    logLevel: 'error',
    redis: 'redis://127.0.0.1:7000',
  };
  const redis = { url: flags.redis, from: '--redis' };
  assert.deepEqual(readConfig(flags, env), {
    ...flags,
    port: 0,
    discovery: ['tailnet', 'mdns'],
    announce: true,
    mdnsPort: 15353,
    mdnsInterfaces: ['127.0.0.1', '192.168.1.2'],
    tailscaled: '/env.sock',
    redis,
    a2aTeam: null,
  });
  const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']));
  assert.deepEqual(readConfig({}, empty), readConfig({}, {}));
});

test('paths are absolute, and ~ is the home', () => {
  assert.equal(readConfig({ dataDir: 'mesh' }, {}).dataDir, join(process.cwd(), 'mesh'));
  assert.equal(readConfig({}, { AGENTMESH_DATA_DIR: '~/mesh' }).dataDir, join(homedir(), 'mesh'));
});

test('only loopback is listened on', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
      assert.equal(isLoopback(`${String(a)}.${String(b)}.${String(c)}.${String(d)}`), a === 127);
    }),
  );
  for (const host of [
    '127.1',
    '0177.0.0.1',
    '127.0.0.1.example.com',
    '::',
    '::ffff:127.0.0.1',
    'example.com',
    '',
    '0',
  ])
    assert.throws(
      () => readConfig({ host }, {}),
      (error) => error instanceof MeshError && error.code === 'bad_request',
      host,
    );
  assert.equal(readConfig({ host: 'localhost' }, {}).host, '127.0.0.1');
});

test('what is not understood is named by its flag', () => {
  const cases = {
    port: ['65536', '-1', '1e3', '', ' 1'],
    synchronous: ['OFF', ''],
    discovery: ['mdns,', 'everything', '', 'ON'],
    announce: ['yes', ''],
    logLevel: ['loud'],
  } as const;
  const names = {
    port: /^--port takes/,
    synchronous: /^--synchronous takes/,
    discovery: /^--discovery takes/,
    announce: /^--announce takes/,
    logLevel: /^--log-level takes/,
  };
  for (const key of ['port', 'synchronous', 'discovery', 'announce', 'logLevel'] as const)
    for (const word of cases[key])
      assert.throws(
        () => readConfig({ [key]: word }, {}),
        { code: 'bad_request', message: names[key] },
        word,
      );
});

test('config.json of the data folder says what neither flag nor variable does', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'config-'));
  const write = (text: string): void => {
    writeFileSync(join(dataDir, 'config.json'), text);
  };
  const refused = (message: RegExp): void => {
    assert.throws(() => readConfig({ dataDir }, {}), { code: 'bad_request', message });
  };
  try {
    write('{"queue":{"redis":"redis://:secret@10.0.0.7"}}');
    assert.deepEqual(readConfig({ dataDir }, {}).redis, {
      url: 'redis://:secret@10.0.0.7',
      from: 'queue.redis in config.json',
    });
    assert.equal(readConfig({ dataDir }, { AGENTMESH_REDIS_URL: 'unix:/a' }).redis?.url, 'unix:/a');
    write('{"discovery":{"sources":"mdns","announce":true}}');
    assert.deepEqual(readConfig({ dataDir }, {}).discovery, ['mdns']);
    assert.equal(readConfig({ dataDir }, {}).announce, true);
    assert.deepEqual(readConfig({ dataDir, announce: 'off' }, { AGENTMESH_DISCOVERY: 'off' }).discovery, []);
    write('{}');
    assert.equal(readConfig({ dataDir }, {}).redis, null);
    write('{"queue":{"redis":7}}');
    refused(/config\.json: queue\.redis:/);
    write('{"queues":{}}');
    refused(/config\.json: Unrecognized key: "queues"/);
    write('{"queue":{"redis":"redis://:secret@10.0.0.7"');
    refused(/config\.json is not JSON$/);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('a password is not taken from the command line, which others can read', () => {
  assert.throws(() => readConfig({ redis: 'redis://:secret@127.0.0.1' }, {}), {
    code: 'bad_request',
    message: /^--redis takes no password.*AGENTMESH_REDIS_URL(?!.*secret)/,
  });
});

test('announcing needs what it is done with', () => {
  const refused = (flags: Parameters<typeof readConfig>[0], message: RegExp): void => {
    assert.throws(() => readConfig(flags, {}), { code: 'bad_request', message });
  };
  refused({ announce: 'on', discovery: 'off' }, /needs mdns/);
  refused({ announce: 'on', host: '::1' }, /needs an IPv4 address/);
  assert.equal(readConfig({ announce: 'on', discovery: 'mdns' }, {}).announce, true);
});

test('what only a variable says is checked too', () => {
  for (const [name, value] of [
    ['AGENTMESH_MDNS_PORT', '0'],
    ['AGENTMESH_MDNS_INTERFACES', 'eth0'],
  ] as const)
    assert.throws(() => readConfig({}, { [name]: value }), {
      code: 'bad_request',
      message: new RegExp(`^${name} takes`),
    });
});
