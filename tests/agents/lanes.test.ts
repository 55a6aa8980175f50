// Which lanes a call of `npm run test:agents` runs, and that each of them is a file.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { chooseLanes, LANES } from './lanes.ts';

const names = Object.keys(LANES);

describe('lanes', () => {
  it('are the files of this folder', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.lane.ts'));
    assert.deepEqual(files.sort(), names.map((name) => `${name}.lane.ts`).sort());
  });

  it('run all when none is named, but for those that cannot', () => {
    const choice = chooseLanes([], {});
    assert.ok('run' in choice);
    assert.deepEqual(
      choice.run,
      names.filter((name) => name !== 'nanoclaw'),
    );
    assert.match(choice.leftOut.join('\n'), /^nanoclaw is left out: NANOCLAW_DIR is not set/);
    assert.deepEqual(chooseLanes([], { NANOCLAW_DIR: '/srv/nanoclaw' }), { run: names, leftOut: [] });
  });

  it('that are named run, once each, and nothing is said of the others', () => {
    assert.deepEqual(chooseLanes(['team', 'claude', 'team'], {}), { run: ['claude', 'team'], leftOut: [] });
  });

  it('that are named and cannot run, or do not exist, are a problem', () => {
    assert.deepEqual(chooseLanes(['claude', 'nanoclaw'], { NANOCLAW_DIR: '' }), {
      problem:
        'The lane nanoclaw cannot run: NANOCLAW_DIR is not set; it names the folder of a NanoClaw that runs on this machine',
    });
    assert.deepEqual(chooseLanes(['cloud'], {}), { problem: `No lane cloud; there are ${names.join(', ')}` });
  });
});
