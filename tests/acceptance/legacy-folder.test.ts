// A data folder of the earlier tools under a real daemon: its lines are read as the recorded cases say, and nothing of it changes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EventV1 } from '#machines/nouns/event';
import { ROOT } from './proof.ts';

const agentmeshd = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [join(ROOT, 'cli/bin/agentmeshd.js'), ...args], { encoding: 'utf8' });

/** What a daemon on the folder answers to GET of a path. */
const asked = async <T>(dataDir: string, path: string): Promise<T> => {
  const { url } = JSON.parse(readFileSync(join(dataDir, 'agentmeshd.json'), 'utf8')) as { url: string };
  const answer = await fetch(`${url}${path}`);
  assert.equal(answer.status, 200);
  return (await answer.json()) as T;
};

test('the log of the earlier tools is read where it lies, and stays as it is', async () => {
  const legacy = readFileSync(join(ROOT, 'engine/events/fixtures/legacy-events.jsonl'));
  const lines = legacy.toString('utf8').trimEnd().split('\n');
  const database = Buffer.from('SQLite format 3\0 as some older program left it');
  const dataDir = mkdtempSync(join(tmpdir(), 'agentmesh-legacy-'));
  writeFileSync(join(dataDir, 'events.jsonl'), legacy);
  writeFileSync(join(dataDir, 'events.db'), database);
  const modified = statSync(join(dataDir, 'events.db')).mtimeMs;
  try {
    agentmeshd('start', '-b', '--port', '0', '--discovery', 'off', '--data-dir', dataDir);
    const events = await asked<readonly EventV1[]>(dataDir, '/api/events?limit=1000');
    assert.deepEqual(
      events.map(({ seq }) => seq),
      lines.map((_, index) => index + 1),
    );
    for (const [index, event] of events.entries()) {
      const record = JSON.parse(lines[index] ?? '') as Record<string, unknown>;
      assert.equal(event.schema_version, '1');
      assert.equal(event.run_id, String(record['run_id']));
      assert.equal(Date.parse(event.ts), Date.parse(String(record['ts'])), 'the same moment, in UTC');
      if (typeof record['message'] === 'string') assert.deepEqual(event.payload, { text: record['message'] });
    }
    const report = await asked<{ ok: boolean; lost: readonly number[] }>(dataDir, '/api/verify');
    assert.deepEqual([report.ok, report.lost], [true, []]);

    // Reading twice is reading once: the same ids, nothing appended.
    agentmeshd('stop', '--data-dir', dataDir);
    agentmeshd('start', '-b', '--port', '0', '--discovery', 'off', '--data-dir', dataDir);
    assert.deepEqual(await asked(dataDir, '/api/events?limit=1000'), events);
    assert.deepEqual(readFileSync(join(dataDir, 'events.jsonl')), legacy);
    assert.deepEqual(readFileSync(join(dataDir, 'events.db')), database);
    assert.equal(statSync(join(dataDir, 'events.db')).mtimeMs, modified);
  } finally {
    agentmeshd('stop', '--data-dir', dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
});
