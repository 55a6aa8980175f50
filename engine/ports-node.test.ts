// The real ports, on real files and a real clock.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { CRASH_POINTS } from './ports.ts';
import { crashPoints, nodePorts } from './ports-node.ts';

const { disk, clock, ids, random } = nodePorts(pino({ level: 'silent' }), {});
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (word: string): Uint8Array => new TextEncoder().encode(word);

const withFolder = (work: (folder: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-ports-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

test('an append file grows at its end, is read anywhere, and is cut where it is told', () => {
  withFolder((folder) => {
    const path = join(folder, 'log');
    const file = disk.openAppend(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    file.append(bytes('one\n'));
    assert.equal(text(file.read(0, 100)), 'one\n', 'less than asked for at the end');
    file.append(bytes('two\nthree'));
    assert.deepEqual([file.size(), disk.size(path)], [13, 13]);
    assert.equal(text(file.read(4, 3)), 'two');
    file.truncate(8);
    file.append(bytes('3\n'));
    file.sync();
    file.close();
    const again = disk.openAppend(path);
    assert.equal(text(again.read(0, again.size())), 'one\ntwo\n3\n');
    again.close();
  });
});

test('an atomic write replaces the whole file or leaves it as it was, and leaves no scraps', () => {
  withFolder((folder) => {
    const path = join(folder, 'file');
    disk.writeAtomic(path, 'first');
    disk.writeAtomic(path, bytes('second'));
    assert.equal(text(disk.readFile(path)), 'second');
    assert.deepEqual([disk.exists(path), disk.exists(`${path}x`)], [true, false]);
    assert.throws(() => {
      disk.writeAtomic(join(folder, 'file', 'below'), 'x');
    }, /ENOTDIR/);
    assert.deepEqual(readdirSync(folder), ['file']);
  });
});

test('a rename that fails takes its temporary file along', () => {
  withFolder((folder) => {
    const path = join(folder, 'taken');
    const inside = join(path, 'inside');
    spawnSync('mkdir', ['-p', path]);
    writeFileSync(inside, '');
    assert.throws(() => {
      disk.writeAtomic(path, 'x');
    });
    assert.deepEqual(readdirSync(folder), ['taken']);
    chmodSync(path, 0o700);
  });
});

test('a timer fires once, can be taken back, and may be farther off than setTimeout holds', async () => {
  const fired: string[] = [];
  clock.after(10, () => fired.push('no'))();
  const farOff = clock.after(2 ** 40, () => fired.push('far off'));
  await new Promise<void>((resolve) => {
    clock.after(1, () => {
      fired.push('yes');
      setTimeout(resolve, 40);
    });
  });
  farOff();
  assert.deepEqual(fired, ['yes']);
});

test('ids rise with time and random bytes differ', () => {
  const made = Array.from({ length: 1_000 }, () => ids.uuidv7());
  assert.deepEqual(made, [...new Set(made)].sort());
  assert.match(made[0] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
  assert.equal(random.bytes(16).length, 16);
});

test('a crash point ends the process at its n-th reach, and at no other', () => {
  const module = JSON.stringify(join(import.meta.dirname, 'ports-node.ts'));
  for (const point of CRASH_POINTS) {
    const other = CRASH_POINTS.find((each) => each !== point) ?? '';
    const script = `
      const { crashPoints } = await import(${module});
      const { reach } = crashPoints('${point}:3');
      for (let i = 1; i <= 5; i += 1) { reach('${other}'); process.stdout.write(String(i)); reach('${point}'); }`;
    const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    assert.deepEqual([signal, stdout], ['SIGKILL', '123'], point);
  }
});

test('no crash point is set by default, and unknown ones are refused', () => {
  for (const none of [undefined, '']) for (const point of CRASH_POINTS) crashPoints(none).reach(point);
  for (const wrong of ['commit.before', 'commit.before:0', 'commit.before:x', 'nowhere:1', ':1', '1'])
    assert.throws(() => crashPoints(wrong), { code: 'bad_request' }, wrong);
});
