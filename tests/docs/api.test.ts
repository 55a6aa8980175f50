// The commands of docs/api.md do what the page says: its blocks run in order, as one script, against a real daemon.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readPage, ROOT } from './pages.ts';

const agentmeshd = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [join(ROOT, 'cli/bin/agentmeshd.js'), ...args], { encoding: 'utf8' });

test('docs/api.md: every command runs and succeeds', () => {
  const blocks = [...readPage('docs/api.md').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => text,
  );
  assert.ok(blocks.length > 8, 'the page has its blocks');
  const dataDir = mkdtempSync(join(tmpdir(), 'agentmesh-docs-'));
  try {
    agentmeshd('start', '-b', '--port', '0', '--discovery', 'off', '--data-dir', dataDir);
    const said = execFileSync('bash', ['-euo', 'pipefail', '-c', blocks.join('\n')], {
      encoding: 'utf8',
      cwd: dataDir,
      env: {
        ...process.env,
        AGENTMESH_DATA_DIR: dataDir,
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      },
    });
    assert.match(said, /"text":"hello"/, 'the posted event is read back');
    assert.match(said, /"status":"ok"/);
    assert.match(said, /"lost":\[\]/);
  } finally {
    agentmeshd('stop', '--data-dir', dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
});
