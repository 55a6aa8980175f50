// agents add: secrets come from files, standard input and the environment; nothing that is printed holds one.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { sampleAgent } from '../../../api/fake-engine.testsuite.ts';
import { readSecrets } from '../../command-line/secrets.ts';
import {
  agentmesh,
  fakeDaemon,
  type FakeDaemon,
  type Outcome,
  type RunOptions,
} from '../../testing/fake-daemon.ts';

const CANARY = 'canary-7f3a9';
const URL_ = 'https://agent.example';

describe('agentmesh agents add with secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  let daemon: FakeDaemon;
  before(async () => {
    daemon = await fakeDaemon({
      'agents.add': () => ({ status: 201, body: { ...sampleAgent, has_credential: true } }),
    });
  });
  after(async () => {
    await daemon.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const add = (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
    agentmesh(['agents', 'add', URL_, '--daemon-url', daemon.url, ...args], options);
  /** What was sent, when it went well and nothing printed holds the secret. */
  const sent = async (args: readonly string[], options: RunOptions = {}): Promise<unknown> => {
    const { code, stdout, stderr } = await add(args, options);
    assert.equal(code, 0, stderr);
    assert.ok(!`${stdout}${stderr}`.includes(CANARY));
    return daemon.asked.at(-1)?.body;
  };

  it('a token from a file, from standard input, from the environment', async () => {
    const body = { url: URL_, token: CANARY };
    assert.deepEqual(await sent(['--token-file', file('token', `${CANARY}\n`)]), body);
    assert.deepEqual(await sent(['--token-file', '-'], { stdin: `  ${CANARY}\r\n` }), body);
    assert.deepEqual(await sent(['--token-env', 'T'], { env: { T: CANARY } }), body);
  });

  it('an API key, for the header that the card names or that is given', async () => {
    const key = file('key', CANARY);
    assert.deepEqual(await sent(['--api-key-file', key]), { url: URL_, api_key: CANARY });
    assert.deepEqual(await sent(['--api-key-file', key, '--api-key-header', 'X-Key']), {
      url: URL_,
      api_key: { value: CANARY, header: 'X-Key' },
    });
  });

  it('headers, one a line, beside a token', async () => {
    const headers = file('headers', `# who we are\n\nX-Tenant: acme\r\nAuthorization:Basic ${CANARY}==\n`);
    assert.deepEqual(await sent(['--header-file', headers, '--token-file', '-'], { stdin: CANARY }), {
      url: URL_,
      token: CANARY,
      headers: { 'X-Tenant': 'acme', Authorization: `Basic ${CANARY}==` },
    });
  });

  it('what is wrong is said without the secret', async () => {
    const secret = file('secret', `${CANARY}\n${CANARY}\n`);
    const unreadable = file('locked', CANARY);
    chmodSync(unreadable, 0o000);
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--token-file', secret], /more than one line/],
      [['--token-file', file('empty', '\n')], /holds nothing/],
      [['--token-file', join(folder, 'nowhere')], /cannot be read/],
      [['--token-file', folder], /cannot be read/],
      [['--header-file', secret], /Line 1 of --header-file .* is no header/],
      [['--header-file', file('none', '# nothing\n')], /holds no header/],
      [['--token-file', '-', '--api-key-file', '-'], /can be read once/],
      [['--token-env', 'T', '--token-file', secret], /Give one of them/],
      [['--token-env', 'T'], /environment variable T is empty/],
      [['--api-key-header', 'X-Key'], /Give the key with --api-key-file/],
    ];
    const before_ = daemon.asked.length;
    for (const [args, words] of wrong) {
      const { code, stdout, stderr } = await add(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, words);
      assert.ok(!`${stdout}${stderr}`.includes(CANARY), stderr);
    }
    assert.equal(daemon.asked.length, before_, 'nothing was sent');
  });

  it('a terminal is no place to type a secret into', async () => {
    const stdin = Object.assign(Readable.from([CANARY]), { isTTY: true });
    const none = {
      tokenEnv: undefined,
      apiKeyFile: undefined,
      apiKeyHeader: undefined,
      headerFile: undefined,
    };
    await assert.rejects(readSecrets({ ...none, tokenFile: '-' }, { env: {}, stdin }), /would be shown/);
  });
});
