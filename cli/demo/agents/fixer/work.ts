// fixer: repairs a project whose tests fail by trying small changes where the fault may be, and keeps the one that passes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, Ask, Desk, Result } from '../harness/work.ts';
import { asRecord, fromOutputs, WorkFault } from '../harness/work.ts';
import { runCommand } from '../project/run-command.ts';
import type { Suspect } from '../project/suspects.ts';
import { findSuspects } from '../project/suspects.ts';
import { readTestOutput } from '../project/test-report.ts';
import { isTestFile, testCommandOf, workTreeOf } from '../project/work-tree.ts';
import type { Candidate } from './candidates.ts';
import { rankCandidates, searchRepair } from './candidates.ts';
import { unifiedDiff } from './diff.ts';
import { fileHash, replaceFile, sha256 } from './replace-file.ts';

/** The first test run; a project that needs longer is too slow to search. */
const FIRST_RUN_MS = 60_000;
/** A change that makes the tests this many times slower is an endless loop. */
const SLOWER = 8;
const SHORTEST_LIMIT_MS = 2_000;

/** Suspects that an earlier step found, when they have the right shape and do not lead to tests. */
const givenSuspects = (ask: Ask): Suspect[] => {
  const given = fromOutputs(ask, 'suspects');
  if (!Array.isArray(given)) return [];
  return given
    .map(asRecord)
    .flatMap(({ file, line, score }) =>
      typeof file === 'string' &&
      typeof line === 'number' &&
      !isTestFile(file) &&
      !file.split('/').includes('..') &&
      !file.startsWith('/')
        ? [{ file, line, score: typeof score === 'number' ? score : 0 }]
        : [],
    );
};

const describe = ({ file, mutation }: Candidate): string => `${file}:${mutation.line} (${mutation.what})`;

const NOTHING_TO_DO: Result = {
  text: 'All tests pass already; nothing was changed.',
  data: { fixed: true, changed: false, patch: '', file: null, line: null, tried: 0 },
};

/** Looks for the repair; throws WorkFault when no candidate makes the tests pass. */
const search = async (
  root: string,
  ask: Ask,
  desk: Desk,
): Promise<{ candidate: Candidate; tried: number } | null> => {
  const command = testCommandOf(ask, root);
  await desk.phase('running the tests');
  const first = await desk.tool(
    'run_tests',
    { command },
    () => runCommand(command, { cwd: root, signal: desk.signal, limitMs: FIRST_RUN_MS }),
    ({ code, durationMs }) => ({ code, duration_ms: Math.round(durationMs) }),
  );
  if (first.code === 0) return null;
  if (first.timedOut)
    throw new WorkFault('agent_failed', `the tests take longer than ${FIRST_RUN_MS / 1000} s`);
  await desk.phase('ranking the suspicious lines');
  const given = givenSuspects(ask);
  const suspects =
    given.length > 0 ? given : await findSuspects(root, command, readTestOutput(first.output), desk);
  const candidates = rankCandidates(root, suspects);
  desk.think(
    `${candidates.length} changes are possible in ${suspects.length} suspicious lines; ` +
      `most promising: ${candidates.slice(0, 3).map(describe).join(', ') || 'none'}`,
  );
  await desk.phase(`trying up to ${candidates.length} changes in scratch copies`);
  const limitMs = Math.max(SHORTEST_LIMIT_MS, first.durationMs * SLOWER);
  const { found, tried } = await desk.tool(
    'try_changes',
    { candidates: candidates.length, limit_ms: Math.round(limitMs) },
    () => searchRepair(root, command, candidates, limitMs, desk),
    (result) => ({ tried: result.tried, found: result.found === null ? null : describe(result.found) }),
  );
  if (found === null)
    throw new WorkFault(
      'agent_failed',
      `not repairable by a small change: ${tried} candidates were tried, none makes the tests pass`,
      { data: { fixed: false, changed: false, patch: '', file: null, line: null, tried } },
    );
  return { candidate: found, tried };
};

const apply = async (root: string, candidate: Candidate, tried: number, desk: Desk): Promise<Result> => {
  const { file, mutation, before, after } = candidate;
  const path = join(root, ...file.split('/'));
  const patch = unifiedDiff(file, before, after);
  const result: Result = {
    text: `Repaired ${describe(candidate)} after trying ${tried} changes; all tests pass.`,
    data: { fixed: true, changed: true, patch, file, line: mutation.line, tried },
    artifacts: [{ name: 'fix.patch', text: patch, mime: 'text/x-diff' }],
  };
  await desk.phase(`applying the change to ${file}`);
  await desk.tool('apply_patch', { file, line: mutation.line }, async () => {
    if (readFileSync(path, 'utf8') !== before)
      throw new WorkFault('agent_failed', `${file} was changed by somebody else meanwhile`, {
        retryable: true,
      });
    // Whoever finds this after a crash can tell from the file whether the change was made.
    desk.checkpoint({ path, hash: sha256(after), result });
    replaceFile(path, after);
    desk.effect('apply_patch');
  });
  return result;
};

export const fixer: Agent = {
  name: 'fixer',
  description: 'Repairs a JavaScript project with failing tests by generating and validating small changes',
  skills: [
    {
      id: 'fix',
      name: 'Fix',
      description: 'Changes the code until the tests pass, and returns the patch; never touches tests',
      tags: ['code', 'repair', 'modify'],
      examples: ['Fix the failing tests of /home/me/project'],
    },
  ],
  work: async (ask, desk) => {
    const root = workTreeOf(ask);
    const found = await search(root, ask, desk);
    return found === null ? NOTHING_TO_DO : apply(root, found.candidate, found.tried, desk);
  },
  recover: async (checkpoint) => {
    const { path, hash, result } = asRecord(checkpoint);
    return typeof path === 'string' && fileHash(path) === hash ? (result as Result) : null;
  },
};
