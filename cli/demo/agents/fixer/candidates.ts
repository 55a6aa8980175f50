// Generate and validate: each candidate change is tried in a scratch copy until one makes the tests pass.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Desk } from '../harness/work.ts';
import { runCommand } from '../project/run-command.ts';
import type { Suspect } from '../project/suspects.ts';
import type { Mutation } from './mutations.ts';
import { applyMutation, mutationsOf } from './mutations.ts';

export interface Candidate {
  readonly file: string;
  readonly mutation: Mutation;
  readonly before: string;
  readonly after: string;
}

/** How many changes are tried at most, and how many at once. */
const MOST_CANDIDATES = 400;
const AT_ONCE = 2;

/** Changes in the suspicious lines, the most promising first. */
export const rankCandidates = (root: string, suspects: readonly Suspect[]): Candidate[] => {
  const scores = new Map(suspects.map(({ file, line, score }) => [`${file}:${line}`, score]));
  const files = [...new Set(suspects.map(({ file }) => file))];
  const candidates = files.flatMap((file) => {
    const before = readFileSync(join(root, ...file.split('/')), 'utf8');
    const lines = new Set(suspects.filter((one) => one.file === file).map(({ line }) => line));
    return mutationsOf(before, lines).map((mutation) => ({
      file,
      mutation,
      before,
      after: applyMutation(before, mutation),
    }));
  });
  const merit = ({ file, mutation }: Candidate): number =>
    (scores.get(`${file}:${mutation.line}`) ?? 0) - mutation.rank * 0.08;
  return candidates.sort((a, b) => merit(b) - merit(a)).slice(0, MOST_CANDIDATES);
};

/** A copy of the tree without its history; what it depends on is linked, not copied. */
const scratchCopy = (root: string, scratch: string): string => {
  const copy = join(scratch, `tree-${randomUUID()}`);
  mkdirSync(copy, { recursive: true });
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !['.git', 'node_modules'].includes(basename(path)) || path === root,
  });
  const modules = join(root, 'node_modules');
  if (existsSync(modules)) symlinkSync(modules, join(copy, 'node_modules'), 'dir');
  return copy;
};

export interface Search {
  readonly found: Candidate | null;
  readonly tried: number;
}

/**
 * Tries candidates in their order, two at once, each for at most `limitMs`. The earliest that passes wins.
 * Never touches `root`; the scratch copies are removed.
 */
export const searchRepair = async (
  root: string,
  testCommand: string,
  candidates: readonly Candidate[],
  limitMs: number,
  desk: Desk,
): Promise<Search> => {
  let next = 0;
  let tried = 0;
  let best = Number.POSITIVE_INFINITY;
  const tryAll = async (): Promise<void> => {
    const copy = scratchCopy(root, desk.scratch);
    try {
      for (let index = next++; index < candidates.length && index < best; index = next++) {
        const candidate = candidates[index];
        if (candidate === undefined) return;
        const path = join(copy, ...candidate.file.split('/'));
        writeFileSync(path, candidate.after);
        const { code } = await runCommand(testCommand, { cwd: copy, signal: desk.signal, limitMs });
        tried += 1;
        writeFileSync(path, candidate.before);
        if (code === 0) best = Math.min(best, index);
      }
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, tryAll));
  desk.signal.throwIfAborted();
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return { found: candidates[best] ?? null, tried };
};
