// Where the fault may be: lines that failing tests ran and passing ones did not, that traces name, that were changed lately.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { randomUUID } from 'node:crypto';
import type { Desk } from '../harness/work.ts';
import type { RanLines } from './coverage.ts';
import { readCoverage } from './coverage.ts';
import { runCommand } from './run-command.ts';
import type { TestReport } from './test-report.ts';
import { sourceFiles } from './work-tree.ts';

export interface Suspect {
  readonly file: string;
  readonly line: number;
  /** Higher is more suspicious; from 0 to about 1. */
  readonly score: number;
}

const MOST_SUSPECTS = 60;
const COVERAGE_LIMIT_MS = 30_000;
/** What each kind of evidence weighs. */
const WEIGHT = { onlyFailing: 0.5, failing: 0.15, loaded: 0.05, frame: 0.25, changed: 0.05 } as const;

const run = promisify(execFile);

/** Lines that the work tree or its last commit changed: `file:line`. Empty when git cannot say. */
const changedLines = async (root: string, signal: AbortSignal): Promise<Set<string>> => {
  const changed = new Set<string>();
  for (const range of [['HEAD'], ['HEAD~1', 'HEAD']]) {
    try {
      const { stdout } = await run('git', ['-C', root, 'diff', '--unified=0', '--no-color', ...range], {
        signal,
        maxBuffer: 8 * 1024 * 1024,
      });
      let file = '';
      for (const line of stdout.split('\n')) {
        if (line.startsWith('+++ b/')) file = line.slice(6);
        const [, start, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
        for (let at = 0; start !== undefined && at < Number(count); at += 1)
          changed.add(`${file}:${Number(start) + at}`);
      }
    } catch {
      // No git, no commit before this one: then there is no such evidence.
      signal.throwIfAborted();
    }
  }
  return changed;
};

/** Runs part of the tests and reads which lines ran. Only node’s own runner can choose tests by name. */
const coverageOf = async (
  root: string,
  command: string,
  paths: ReadonlySet<string>,
  desk: Desk,
): Promise<RanLines> => {
  const dir = join(desk.scratch, `coverage-${randomUUID()}`);
  mkdirSync(dir, { recursive: true });
  try {
    await runCommand(command, {
      cwd: root,
      signal: desk.signal,
      limitMs: COVERAGE_LIMIT_MS,
      env: { NODE_V8_COVERAGE: dir },
    });
    return readCoverage(dir, paths);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

const quoted = (names: readonly string[]): string => {
  const pattern = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  return `'/^(?:${pattern.replaceAll("'", '.')})$/'`;
};

/** The suspicious lines of a project whose tests fail, most suspicious first. */
export const findSuspects = async (
  root: string,
  testCommand: string,
  report: TestReport,
  desk: Desk,
): Promise<Suspect[]> => {
  const files = sourceFiles(root);
  const paths = new Set(files.map((file) => join(root, ...file.split('/'))));
  const canChoose = /^node\b.*--test\b/.test(testCommand) && report.failing.length > 0;
  const names = quoted(report.failing);
  const [failing, passing, changed] = await Promise.all([
    coverageOf(root, canChoose ? `${testCommand} --test-name-pattern=${names}` : testCommand, paths, desk),
    canChoose
      ? coverageOf(root, `${testCommand} --test-skip-pattern=${names}`, paths, desk)
      : Promise.resolve<RanLines>(new Map()),
    changedLines(root, desk.signal),
  ]);
  const framed = new Set(
    report.frames.map(({ path, line }) => `${relative(root, path).split(sep).join('/')}:${line}`),
  );
  const suspects: Suspect[] = [];
  for (const file of files) {
    const path = join(root, ...file.split('/'));
    const lines = [...(failing.get(path) ?? [])];
    // A module that failing tests load without calling into it has no part in the fault.
    if (!lines.some(([, called]) => called)) continue;
    for (const [line, called] of lines) {
      const place = `${file}:${line}`;
      const isOnlyFailing = called && passing.get(path)?.get(line) !== true;
      const score =
        WEIGHT.loaded +
        (called ? WEIGHT.failing : 0) +
        (isOnlyFailing ? WEIGHT.onlyFailing : 0) +
        (framed.has(place) ? WEIGHT.frame : 0) +
        (changed.has(place) ? WEIGHT.changed : 0);
      suspects.push({ file, line, score: Math.round(score * 100) / 100 });
    }
  }
  return suspects
    .sort((a, b) => b.score - a.score || a.file.localeCompare(b.file) || a.line - b.line)
    .slice(0, MOST_SUSPECTS);
};
