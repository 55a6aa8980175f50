// Takes one safeguard out of a copy of the sources at a time and demands that the tests notice. A safeguard that nobody
// would miss is not tested. The long form also kills daemons of each such build (kill-runs.ts) and tells what that showed.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killRuns } from './kill-runs.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = [
  'package.json',
  'engine',
  'machines',
  'templates',
  'api',
  'cli',
  join('tests', 'reliability'),
];

interface Patch {
  readonly file: string;
  /** Exact text of today, and what stands there instead. */
  readonly patches: readonly (readonly [string, string])[];
}

interface Mutant extends Patch {
  /** The safeguard that is taken out. */
  readonly name: string;
  /** The test files that should notice. */
  readonly tests: readonly string[];
  /** One test that does, for the quick form. */
  readonly quick: string;
  /**
   * A second line of defence: kills cannot reach it while the first one stands. What takes the first one down; the
   * safeguard alone must then hold against kills, and without it they must notice.
   */
  readonly behind?: { readonly name: string; readonly patches: readonly Patch[] };
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'the savepoint of each work in a batch',
    file: 'engine/store/writer.ts',
    patches: [
      ["exec('SAVEPOINT work')", '() => undefined'],
      ["exec('RELEASE work')", '() => undefined'],
      ["exec('ROLLBACK TO work')", '() => undefined'],
    ],
    tests: ['engine/store/store.test.ts'],
    quick: 'answers only what is durable',
  },
  {
    name: 'the key check of outcomes',
    file: 'machines/team-run/parts.ts',
    patches: [['context.steps[event.step]?.inFlight === event.key', 'event.key !== null']],
    tests: ['machines/team-run/state-table.test.ts'],
    quick: 'an outcome with another key',
    behind: {
      name: 'jobs that are settled once only',
      patches: [
        {
          file: 'engine/invocations/settle.ts',
          patches: [
            ['outbox.remove(tx, row.runId);', 'if (row.endedAt !== null) outbox.remove(tx, row.runId);'],
          ],
        },
        {
          file: 'engine/invocations/perform.ts',
          patches: [
            ['if (row === null || row.endedAt !== null) {', 'if (row === null) {'],
            ['if (rows.state(row.runId)?.hasEnded !== false) return;', ''],
          ],
        },
        {
          file: 'engine/invocations/rows.ts',
          patches: [['if (changed !== 1) throw', 'if (changed > 1) throw']],
        },
        {
          file: 'engine/runs/runs.ts',
          patches: [['      if (ending.ok)\n', '      if (ending.ok && row.endedAt === null)\n']],
        },
      ],
    },
  },
  {
    name: 'the generation of timers',
    file: 'engine/runs/timers.ts',
    patches: [["      .where('generation', '=', param<number>('generation')),", '      ,']],
    tests: ['engine/runs/timers.test.ts'],
    quick: 'a timer that fired for an earlier visit',
    behind: {
      name: 'timers that are read and taken in one go',
      patches: [
        {
          file: 'engine/runs/runs.ts',
          patches: [
            [
              '          await writer.submit((tx) => {\n            if (!timers.take',
              '          await new Promise((resolve) => setTimeout(resolve, 2_000));\n          await writer.submit((tx) => {\n            if (!timers.take',
            ],
          ],
        },
      ],
    },
  },
  {
    name: 'the mirror’s catching up at boot',
    file: 'engine/events/reconcile.ts',
    patches: [
      [
        'await appendMissing(part, matcher, { offset: settled, seq: start.seq })',
        '{ count: 0, offset: settled, seq: Math.max(store.writer.head, (void appendMissing, 0)) }',
      ],
    ],
    tests: ['engine/events/mirror.test.ts'],
    quick: 'leaves a torn line when killed',
  },
  {
    name: 'the jobs that an earlier life left',
    file: 'engine/queue/outbox.ts',
    patches: [['await queue.offer(jobs);\n      return jobs.length;', 'return jobs.length;']],
    tests: ['engine/queue/sqlite.test.ts'],
    quick: 'is offered again, in the next life',
  },
];

export interface MutantResult {
  readonly mutant: string;
  /** Names of the tests that failed; empty when the mutant survived. */
  readonly killedBy: readonly string[];
  /** What the kill runs found wrong, in the whole form; empty when they did not notice. */
  readonly killRuns: readonly string[];
  /** The same with the first line of defence down too: with the safeguard standing behind it, and without. */
  readonly behind: {
    readonly name: string;
    readonly standing: readonly string[];
    readonly without: readonly string[];
  } | null;
}

/** Runs test files inside a copy, all of their tests or `only` some; answers the names of those that failed, innermost only. */
const failures = (folder: string, files: readonly string[], only: readonly string[]): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        ...['--test', '--test-isolation=process', '--test-timeout=60000', '--test-reporter=tap'],
        ...only.map((name) => `--test-name-pattern=${name}`),
        ...files,
      ],
      // NODE_TEST_CONTEXT: a nested run would report to its parent instead of to us.
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      },
    );
    let tap = '';
    let noise = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (tap += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (noise += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (!/^# tests [1-9]/m.test(tap)) {
        reject(new Error(`no test ran: ${noise}${tap}`));
        return;
      }
      const lines = tap.split('\n').flatMap((line) => {
        const [, indent, name] = /^( *)not ok \d+ - (.*)$/.exec(line) ?? [];
        return indent === undefined || name === undefined ? [] : [{ depth: indent.length, name }];
      });
      // TAP tells a suite after its tests: what follows deeper lines is their suite.
      const names = lines
        .filter(({ depth }, index) => (lines[index - 1]?.depth ?? 0) <= depth)
        .map(({ name }) => name);
      if ((code === 0) !== (names.length === 0)) reject(new Error(`exit ${String(code)}: ${noise}${tap}`));
      else resolve(names);
    });
  });

const patched = (text: string, { file, patches }: Patch): string =>
  patches.reduce((now, [old, other]) => {
    if (now.split(old).length !== 2)
      throw new Error(`a mutant no longer fits ${file}: it should hold exactly once: ${old}`);
    return now.replace(old, () => other);
  }, text);

/** Does `work` on the copy with these patches, and puts it back. */
const within = async <T>(folder: string, patches: readonly Patch[], work: () => Promise<T>): Promise<T> => {
  const before = new Map<string, string>();
  try {
    for (const patch of patches) {
      const path = join(folder, patch.file);
      const text = readFileSync(path, 'utf8');
      if (!before.has(path)) before.set(path, text);
      writeFileSync(path, patched(text, patch));
    }
    return await work();
  } finally {
    for (const [path, text] of before) writeFileSync(path, text);
  }
};

/** Kills the build in `folder` with and without a safeguard, its first line down: what the kills found in either. */
const behindOf = async (folder: string, mutant: Mutant): Promise<MutantResult['behind']> => {
  const { behind } = mutant;
  if (behind === undefined) return null;
  const standing = await within(folder, behind.patches, () => killRuns(folder));
  const without = await within(folder, [...behind.patches, mutant], () => killRuns(folder));
  return { name: behind.name, standing, without };
};

const told = (found: readonly string[]): string =>
  found.length === 0 ? 'not noticed' : `noticed: ${found[0] ?? ''}`;

/**
 * Tries every mutant, in the quick form with one test each; the untouched copy must pass first. Throws when it does not,
 * or when a patch no longer fits.
 */
export const runMutants = async (
  say: (line: string) => void,
  form: 'whole' | 'quick' = 'whole',
): Promise<MutantResult[]> => {
  const only = (mutants: readonly Mutant[]): string[] =>
    form === 'quick' ? mutants.map(({ quick }) => quick) : [];
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-mutants-'));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const healthy = await failures(
      folder,
      [...new Set(MUTANTS.flatMap(({ tests }) => tests))],
      only(MUTANTS),
    );
    if (form === 'whole') healthy.push(...(await killRuns(folder)));
    if (healthy.length > 0) throw new Error(`tests fail without any mutant: ${healthy.join('; ')}`);
    const results: MutantResult[] = [];
    for (const mutant of MUTANTS) {
      const result: MutantResult = {
        mutant: mutant.name,
        killedBy: await within(folder, [mutant], () => failures(folder, mutant.tests, only([mutant]))),
        killRuns: form === 'quick' ? [] : await within(folder, [mutant], () => killRuns(folder)),
        behind: form === 'quick' ? null : await behindOf(folder, mutant),
      };
      const { killedBy, behind } = result;
      say(
        `without ${mutant.name}: ${killedBy.length === 0 ? 'SURVIVES' : `killed by "${killedBy.join('", "')}"`}`,
      );
      if (form === 'whole') say(`  kill runs: ${told(result.killRuns)}`);
      if (behind !== null) {
        say(`  kill runs without ${behind.name} either: ${told(behind.without)}`);
        say(`  kill runs without ${behind.name}, but with it: ${told(behind.standing)}`);
      }
      results.push(result);
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
