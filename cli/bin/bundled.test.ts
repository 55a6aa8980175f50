// What the bundle says, does and loads: the same as the sources, and no server; and when it is made.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { RouteAnswer } from '#api/contract/shapes';
import { readAll } from '../command-line/read-all.ts';
import { bundle, copyCheckout, launcherOf, type Said } from '../testing/checkout.ts';
import { agentmesh, fakeDaemon, type FakeDaemon } from '../testing/fake-daemon.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agentmesh-bundled-')));
const root = join(folder, 'whole');
const nobody = { AGENTMESH_DATA_DIR: join(folder, 'data') };
const bin = launcherOf(root);

before(() => {
  copyCheckout(root);
  const { status, stderr } = bundle(root);
  assert.equal(status, 0, stderr);
});
after(() => {
  rmSync(folder, { recursive: true });
});

/** What a process has loaded when it ends: Node's own parts, and files. */
const LISTS = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeFileSync } from 'node:fs';
  const files = [];
  registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
  const before = new Set(process.moduleLoadList);
  process.on('exit', () => {
    const parts = process.moduleLoadList.filter((part) => !before.has(part));
    writeFileSync(process.env.LOADED, JSON.stringify({ files, parts }));
  });
`)}`;

const loadedBy = async (words: readonly string[], env: Readonly<Record<string, string>>) => {
  const list = join(folder, 'loaded.json');
  const { code, stderr } = await agentmesh(words, {
    bin,
    env: { ...env, LOADED: list, NODE_OPTIONS: `--import=${LISTS}` },
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(readFileSync(list, 'utf8')) as { files: string[]; parts: string[] };
};

const health: RouteAnswer<'healthz'> = {
  status: 'ok',
  version: '1.2.3',
  log_id: 'log',
  head_seq: 7,
  mirror: { ok: true, lag: 0, problem: null },
  problems: [],
  discovery: [],
  queue: { driver: 'sqlite', problem: null, waiting: 0, dropped: 0 },
  workers: [],
  counts: { agents: 2, invocations_active: 1, team_runs_active: 1, approvals_pending: 0 },
  uptime_ms: 61_000,
};

describe('the bundle', () => {
  let daemon: FakeDaemon;
  before(async () => {
    daemon = await fakeDaemon({
      healthz: () => ({ body: health }),
      'agents.list': () => ({ body: [] }),
      'templates.list': () => ({ body: [] }),
      'team-runs.list': () => ({ body: [] }),
      'invocations.list': () => ({ body: [] }),
    });
  });
  after(() => daemon.close());

  const lines: readonly (readonly [line: string, exit: number])[] = [
    ['version', 0],
    ['--version -o json', 0],
    ['', 0],
    ['--help', 0],
    ['team --help', 0],
    ['team', 2],
    ['run --help', 0],
    ['help events append', 0],
    ['completion bash', 0],
    ['_complete -- team r', 0],
    ['_complete -- run --', 0],
    ['status', 0],
    ['status -o json', 0],
    ['--output jsonl status', 0],
    ['agents', 0],
    ['runs list', 0],
    ['team list', 0],
    ['trace 01234567', 20],
    ['runs get nothing', 20],
    ['stauts', 2],
    ['team chek', 2],
    ['run --tp calc x', 2],
    ['run x', 2],
    ['status -o xml', 2],
    ['stauts -o json', 2],
    ['status --color=pink', 2],
    ['team check no-such-file.yaml', 20],
    ['status --daemon-url http://127.0.0.1:9', 10],
    ['verify --daemon-url http://127.0.0.1:9 -o json', 10],
    ['doctor --daemon-url http://127.0.0.1:9', 1],
  ];
  for (const [line, exit] of lines)
    test(`agentmesh ${line}: exit ${String(exit)}, and every byte as from the sources`, async () => {
      const words = line.split(' ').filter((word) => word !== '');
      const env = { ...nobody, AGENTMESH_DAEMON_URL: daemon.url };
      const ours = await agentmesh(words, { bin, cwd: folder, env });
      const theirs = await agentmesh(words, { bin, cwd: folder, env: { ...env, AGENTMESH_DEBUG: '1' } });
      assert.deepEqual(ours, theirs);
      assert.equal(ours.code, exit, ours.stderr);
    });

  test('a reader that leaves early ends it without a word', async () => {
    const child = spawn(process.execPath, [bin, '--help'], {
      env: nobody,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const stderr = readAll(child.stderr);
    const [status] = (await once(child, 'close')) as [number | null];
    assert.deepEqual([status, await stderr], [0, '']);
  });

  test('loads no file but the launcher, and of Node what the command needs', async () => {
    const version = await loadedBy(['version'], nobody);
    assert.deepEqual(version.files, [pathToFileURL(bin).href]);
    for (const part of ['http', 'child_process', 'crypto'])
      assert.ok(!version.parts.includes(`NativeModule ${part}`), part);
    const status = await loadedBy(['status'], { ...nobody, AGENTMESH_DAEMON_URL: daemon.url });
    assert.deepEqual(status.files, [pathToFileURL(bin).href]);
    assert.ok(status.parts.includes('NativeModule http'));
    for (const part of ['NativeModule child_process', 'NativeModule internal/deps/undici/undici'])
      assert.ok(!status.parts.includes(part), part);
  });
});

describe('a command that needs a package of its own', () => {
  test('is not in the bundle and runs from the sources, whatever stands around it', async () => {
    const { unbundled } = JSON.parse(readFileSync(join(root, 'dist', 'cli', 'agentmesh.json'), 'utf8')) as {
      unbundled: readonly string[];
    };
    assert.deepEqual(unbundled, ['mcp']);
    const { files } = await loadedBy(['--output', 'text', 'mcp', '--help'], nobody);
    assert.ok(files.includes(pathToFileURL(join(root, 'cli', 'agentmesh.ts')).href));
  });

  test('is no reason for another command to load it', async () => {
    for (const words of [['--help'], ['run', '--help'], ['_complete', '--', 'mc']])
      assert.deepEqual((await loadedBy(words, nobody)).files, [pathToFileURL(bin).href]);
  });
});

describe('a server in the command line', () => {
  const planted: readonly (readonly [file: string, text: string, named: RegExp])[] = [
    ['cli/commands/version.ts', "import '#engine/index';", /load engine\/index\.ts/],
    ['cli/commands/trace.ts', "void import('#api/app');", /load api\/app\.ts/],
    ['cli/commands/audit.ts', "import 'express';", /cli\/commands\/audit\.ts must not load express/],
    ['cli/render/style.ts', "import 'express';", /cli\/render\/style\.ts must not load express/],
    [
      'api/contract/request.ts',
      "import { z } from 'zod'; export const text = z.string();",
      /request\.ts .* zod/,
    ],
  ];
  for (const [file, text, named] of planted)
    test(`is refused when it is bundled: ${text} in ${file}`, () => {
      const other = copyCheckout(join(folder, file.replaceAll(/\W/g, '-')));
      for (const room of ['engine/index.ts', 'api/app.ts']) {
        mkdirSync(join(other, room, '..'), { recursive: true });
        writeFileSync(join(other, room), 'globalThis.name = 1;');
      }
      writeFileSync(join(other, file), `${text}\n${readFileSync(join(other, file), 'utf8')}`);
      const { status, stderr } = bundle(other);
      assert.notEqual(status, 0);
      assert.match(stderr, /^[\w/ .]+ must not load /);
      assert.match(stderr, named);
    });
});

test('the commands that are run so that their code is compiled succeed: the daemon they meet answers as ours does', () => {
  const { bundle: file } = JSON.parse(readFileSync(join(root, 'dist', 'cli', 'agentmesh.json'), 'utf8')) as {
    bundle: string;
  };
  const warm = [join(root, '.ci', 'cli-warm.ts'), join(root, 'dist', 'cli', file), join(folder, 'code')];
  const { status, stderr } = spawnSync(process.execPath, warm, { encoding: 'utf8' });
  assert.deepEqual([status, stderr.replaceAll(/^no (?:agent|run) .*\n/gm, '')], [0, '']);
});

describe('the preparation of a checkout', () => {
  /** Prepares a checkout as .ci/prepare.js does. */
  const prepare = (other: string): Said => {
    const module = JSON.stringify(pathToFileURL(join(other, '.ci', 'cli-build.js')).href);
    const ask = `import(${module}).then((m) => m.buildCli(${JSON.stringify(other)}, process.execPath))`;
    return spawnSync(process.execPath, ['-e', ask], { encoding: 'utf8' });
  };
  const listIn = (other: string): string =>
    readFileSync(join(other, 'dist', 'cli', 'agentmesh.json'), 'utf8');

  test('bundles when the bundle is missing or stale, and leaves a fresh one alone', () => {
    const other = copyCheckout(join(folder, 'prepared'));
    assert.equal(prepare(other).status, 0);
    const first = listIn(other);
    prepare(other);
    assert.equal(listIn(other), first);
    writeFileSync(
      join(other, 'cli', 'agentmesh.ts'),
      `${readFileSync(join(other, 'cli', 'agentmesh.ts'), 'utf8')}\n`,
    );
    prepare(other);
    assert.notEqual(listIn(other), first);
  });

  test('goes on without a bundle, and says why, when there can be none', () => {
    const other = copyCheckout(join(folder, 'unbundled'));
    writeFileSync(join(other, 'cli', 'agentmesh.ts'), 'const = 1;');
    const { status, stderr } = prepare(other);
    assert.equal(status, 0);
    assert.match(stderr, /agentmesh\.ts:1:6[\s\S]*agentmesh runs from its sources now/);
  });
});
