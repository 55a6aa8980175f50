// The heart knows snapshots, effects and events only: no status of a run and no kind of a step stands in its source.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TEAM_RUN_STATUSES } from '#machines/nouns/run';

const FOLDER = import.meta.dirname;
/** Keys that make a step something else than the call of an agent. */
const STEP_KINDS = ['parallel', 'wait', 'compensate', 'join', 'approve', 'terminate', 'goto'];

/** The engine's own word for a machine that no longer fits: a column and an event, and no state of any machine. */
const OWN = 'blocked';
/** A replay reads the states of invocations, some of which share their word with a status. */
const OF_INVOCATIONS: Readonly<Record<string, readonly string[]>> = {
  'replay.ts': ['completed', 'cancelling'],
};

/** Quoted words of a source, comments left out. */
const wordsOf = (source: string): string[] =>
  Array.from(
    source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').matchAll(/(['"`])([a-z_]+)\1/g),
    ([, , word = '']) => word,
  );

describe('engine/runs', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const forbidden = new Set<string>([...TEAM_RUN_STATUSES, ...STEP_KINDS].filter((word) => word !== OWN));

  for (const file of files)
    it(`${file} names no status and no kind of step`, () => {
      const found = wordsOf(readFileSync(join(FOLDER, file), 'utf8')).filter(
        (word) => forbidden.has(word) && OF_INVOCATIONS[file]?.includes(word) !== true,
      );
      assert.deepEqual(found, []);
    });

  it('would be caught naming one', () => {
    assert.deepEqual(wordsOf("if (status === 'paused') return; // 'failed'"), ['paused']);
  });
});
