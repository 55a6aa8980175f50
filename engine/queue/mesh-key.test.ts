// The mesh key: made once, closed to others, refused when it is not; and keys of their own for each purpose.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { MeshError } from '#machines/nouns/error-codes';
import { nodePorts } from '../ports-node.ts';
import { meshKeyOf, ownMeshKey, readMeshKey } from './mesh-key.ts';

const ports = nodePorts(pino({ level: 'silent' }), {});

const withFolder = (work: (path: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-key-'));
  try {
    work(join(folder, 'mesh.key'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const refused =
  (why: RegExp) =>
  (error: unknown): boolean =>
    error instanceof MeshError && error.code === 'mesh_key' && why.test(error.detail);

test('is made once, for its owner alone, and read again as the same', () => {
  withFolder((path) => {
    const made = ownMeshKey(path, ports);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const text = readFileSync(path, 'utf8');
    assert.match(text, /^[0-9a-f]{64}\n$/);
    assert.equal(ownMeshKey(path, ports).mac('x'), made.mac('x'));
    assert.equal(readMeshKey(path).id, made.id);
    assert.equal(readFileSync(path, 'utf8'), text);
    assert.ok(!text.includes(made.id), 'the name of a mesh must not be a part of its key');
  });
});

test('is refused when it is absent, open to others, or no key; and never replaced', () => {
  withFolder((path) => {
    assert.throws(() => readMeshKey(path), refused(/is not there/));
    writeFileSync(path, 'too short\n', { mode: 0o600 });
    assert.throws(() => ownMeshKey(path, ports), refused(/64 hexadecimal/));
    assert.equal(readFileSync(path, 'utf8'), 'too short\n');
    writeFileSync(path, `${'ab'.repeat(32)}\n`);
    chmodSync(path, 0o640);
    assert.throws(() => readMeshKey(path), refused(/other users/));
    chmodSync(path, 0o600);
    assert.equal(readMeshKey(path).mac('x'), meshKeyOf(new Uint8Array(32).fill(0xab)).mac('x'));
  });
});
