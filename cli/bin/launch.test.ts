// The launcher, from a Node that is too old as from one that is not. The old one is played: its version says 20.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

const ENTRY = `// typed, so that only a Node that strips types can run it
const [, entry, ...words]: readonly string[] = process.argv;
if (words[0] === 'exit') process.exitCode = Number(words[1]);
else if (words[0] === 'die') process.kill(process.pid, 'SIGKILL');
else if (words[0] === 'wait') {
  process.on('SIGTERM', () => { console.log('SIGTERM came'); process.exit(7); });
  setInterval(() => undefined, 1_000);
  console.log('waiting');
} else {
  process.stdin.pipe(process.stderr);
  console.log(JSON.stringify({ entry, words, cwd: process.cwd(), execPath: process.execPath }));
}
`;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agentmesh-launch-')));
after(() => {
  rmSync(folder, { recursive: true });
});

/** A checkout with nothing but the launcher and a small program; with a Node of its own or without. */
const checkout = (name: string, withNode: boolean): string => {
  const root = join(folder, name);
  mkdirSync(join(root, 'cli'), { recursive: true });
  for (const file of ['launch.js', 'hand-over.js', 'agentmesh.js'])
    cpSync(join(import.meta.dirname, file), join(root, 'cli', 'bin', file));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'cli', 'agentmesh.ts'), ENTRY);
  if (withNode) {
    const bin = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(process.execPath, join(bin, 'node'));
  }
  return root;
};

const PLAYED = `data:text/javascript,${encodeURIComponent(
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`,
)}`;
const OLD = ['--import', PLAYED];

const bin = (root: string): string => join(root, 'cli', 'bin', 'agentmesh.js');
const whole = checkout('whole', true);

for (const [name, flags] of [
  ['an old Node', OLD],
  ['a fitting Node', []],
] as const) {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [...flags, bin(whole), ...words], {
      encoding: 'utf8',
      cwd: tmpdir(),
      input: 'from stdin',
    });

  test(`${name}: arguments, streams and folder are those of the command`, () => {
    const { stdout, stderr, status } = run('a b', '--c', '');
    const said = JSON.parse(stdout) as { entry: string; words: string[]; cwd: string };
    assert.equal(said.entry, join(whole, 'cli', 'agentmesh.ts'));
    assert.deepEqual(said.words, ['a b', '--c', '']);
    assert.equal(said.cwd, realpathSync(tmpdir()));
    assert.equal(stderr, 'from stdin');
    assert.equal(status, 0);
  });

  test(`${name}: ends as the program ends`, () => {
    for (const code of [0, 2, 13]) assert.equal(run('exit', String(code)).status, code);
    assert.equal(run('die').signal, 'SIGKILL');
  });

  test(`${name}: a signal reaches the program`, async () => {
    const child = spawn(process.execPath, [...flags, bin(whole), 'wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number | null];
    assert.deepEqual([code, text], [7, 'waiting\nSIGTERM came\n']);
  });
}

test('the Node is found beside the package, not beside the caller, and above it in a larger checkout', () => {
  const inner = checkout(join('whole', 'packages', 'agentmesh'), false);
  const { stdout } = spawnSync(process.execPath, [...OLD, bin(inner)], { encoding: 'utf8', cwd: '/' });
  const { execPath } = JSON.parse(stdout) as { execPath: string };
  assert.equal(dirname(realpathSync(execPath)), dirname(realpathSync(process.execPath)));
});

test('without any fitting Node: what is needed and how to get it', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...OLD, bin(checkout('bare', false))], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^agentmesh: this is Node 20\.20\.2, and Node 24\.15 or newer is needed\.$/m);
  assert.match(stderr, /npm ci/);
});

test('a Node that came along and is too old itself ends in the message, not in a circle', () => {
  const env = { ...process.env, NODE_OPTIONS: `--import=${PLAYED}` };
  const { status, stderr } = spawnSync(process.execPath, [bin(whole)], { encoding: 'utf8', env });
  assert.equal(status, 1);
  assert.match(stderr, /Node 24\.15 or newer is needed/);
});
