// `npx agentmesh` and `npx agentmeshd` in a checkout run the checkout itself, and ask no registry for it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

test('npx finds both commands of the checkout, from a folder inside it too', () => {
  const cache = mkdtempSync(join(tmpdir(), 'agentmesh-npx-'));
  try {
    for (const [folder, command] of [
      [ROOT, 'agentmeshd'],
      [join(ROOT, 'cli'), 'agentmeshd'],
      [ROOT, 'agentmesh'],
    ] as const) {
      const { status, stdout, stderr } = spawnSync('npx', ['--offline', command, '--help'], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, npm_config_cache: cache },
      });
      assert.equal(status, 0, stderr);
      assert.match(stdout, new RegExp(`\\$ ${command} <command>|${command}`));
    }
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
