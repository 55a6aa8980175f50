// Takes one safeguard out of a copy of the sources at a time and demands that the tests notice. A safeguard that nobody
// would miss is not tested.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = ['package.json', 'engine', 'machines', 'templates'];

interface Mutant {
  /** The safeguard that is taken out. */
  readonly name: string;
  readonly file: string;
  /** Exact text of today, and what stands there instead. */
  readonly patches: readonly (readonly [string, string])[];
  /** The test files that should notice. */
  readonly tests: readonly string[];
  /** One test that does, for the quick form. */
  readonly quick: string;
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
  },
  {
    name: 'the generation of timers',
    file: 'engine/runs/timers.ts',
    patches: [["      .where('generation', '=', param<number>('generation')),", '      ,']],
    tests: ['engine/runs/timers.test.ts'],
    quick: 'a timer that fired for an earlier visit',
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

const patched = (text: string, { file, patches, name }: Mutant): string =>
  patches.reduce((now, [old, other]) => {
    if (now.split(old).length !== 2)
      throw new Error(`the mutant "${name}" no longer fits ${file}: it should hold exactly once: ${old}`);
    return now.replace(old, () => other);
  }, text);

/** Tries every mutant, in the quick form with one test each; the untouched copy must pass first. Throws when it does not, or when a patch no longer fits. */
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
    if (healthy.length > 0) throw new Error(`tests fail without any mutant: ${healthy.join('; ')}`);
    const results: MutantResult[] = [];
    for (const mutant of MUTANTS) {
      const path = join(folder, mutant.file);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, patched(text, mutant));
      const killedBy = await failures(folder, mutant.tests, only([mutant]));
      writeFileSync(path, text);
      say(
        `without ${mutant.name}: ${killedBy.length === 0 ? 'SURVIVES' : `killed by "${killedBy.join('", "')}"`}`,
      );
      results.push({ mutant: mutant.name, killedBy });
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
