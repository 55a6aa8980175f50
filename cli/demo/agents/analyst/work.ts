// analyst: reads what a task is about: the structure, failing tests and suspicious lines of a work tree, or an expression.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, Ask, Desk, Result } from '../harness/work.ts';
import { firstText, WorkFault } from '../harness/work.ts';
import { runCommand } from '../project/run-command.ts';
import type { Suspect } from '../project/suspects.ts';
import { findSuspects } from '../project/suspects.ts';
import { readTestOutput } from '../project/test-report.ts';
import { listFiles, namedWorkTree, sourceFiles, testCommandOf, workTreeOf } from '../project/work-tree.ts';

const TEST_LIMIT_MS = 60_000;
const FILES_SHOWN = 50;

const lineOf = (root: string, { file, line }: Suspect): string =>
  (readFileSync(join(root, ...file.split('/')), 'utf8').split('\n')[line - 1] ?? '').trim();

const readProject = async (ask: Ask, desk: Desk): Promise<Result> => {
  const root = workTreeOf(ask);
  await desk.phase('reading the work tree');
  const files = await desk.tool(
    'list_files',
    { root },
    async () => listFiles(root),
    (found) => ({ files: found.length }),
  );
  const command = testCommandOf(ask, root);
  await desk.phase('running the tests');
  const run = await desk.tool(
    'run_tests',
    { command },
    () => runCommand(command, { cwd: root, signal: desk.signal, limitMs: TEST_LIMIT_MS }),
    ({ code, durationMs }) => ({ code, duration_ms: Math.round(durationMs) }),
  );
  if (run.timedOut)
    throw new WorkFault('agent_failed', `the tests take longer than ${TEST_LIMIT_MS / 1000} s`);
  const report = readTestOutput(run.output);
  const structure = {
    files: files.slice(0, FILES_SHOWN),
    sources: sourceFiles(root).length,
    total: files.length,
  };
  const shared = { repo: root, test_command: command, structure, failing: report.failing };
  if (run.code === 0) {
    desk.effect('analyze');
    const cause = 'all tests pass; there is no failing test to explain';
    return { text: cause, data: { cause, suspects: [], ...shared } };
  }
  await desk.phase('looking for suspicious lines');
  const suspects = await desk.tool(
    'find_suspects',
    { failing: report.failing },
    () => findSuspects(root, command, report, desk),
    (found) => found.slice(0, 5),
  );
  const [first] = suspects;
  const failing = report.failing.length > 0 ? report.failing.map((name) => `"${name}"`).join(', ') : command;
  const cause =
    first === undefined
      ? `${failing} fails; no line of the sources ran, so the fault is in the tests or in the set-up`
      : `${failing} fails; most suspicious is ${first.file}:${first.line}: ${lineOf(root, first)}`;
  desk.think(cause);
  desk.effect('analyze');
  return { text: cause, data: { cause, suspects, ...shared } };
};

const WORDS: Readonly<Record<string, string>> = {
  '+': 'addition',
  '-': 'subtraction',
  '*': 'multiplication',
  '/': 'division',
  '^': 'power',
};

const readExpression = async (expression: string, desk: Desk): Promise<Result> => {
  await desk.phase('reading the expression');
  const wrong = /[^-+*/^().\d\s]/.exec(expression)?.[0];
  if (wrong !== undefined) throw new WorkFault('invalid_input', `\`${wrong}\` does not belong in arithmetic`);
  const count = (pattern: RegExp): number => expression.match(pattern)?.length ?? 0;
  if (count(/\(/g) !== count(/\)/g)) throw new WorkFault('invalid_input', 'the parentheses do not match');
  const numbers = count(/\d+(?:\.\d*)?|\.\d+/g);
  if (numbers === 0) throw new WorkFault('invalid_input', 'there is no number in it');
  const operations = [...new Set(expression.match(/[-+*/^]/g) ?? [])].map((sign) => WORDS[sign] ?? sign);
  const kind = operations.length === 0 ? 'a number' : operations.join(', ');
  desk.effect('analyze');
  return {
    text: `Arithmetic: ${kind} over ${numbers} ${numbers === 1 ? 'number' : 'numbers'}.`,
    data: { task: 'arithmetic', expression: expression.trim(), operations, numbers },
  };
};

export const analyst: Agent = {
  name: 'analyst',
  description:
    'Finds out what a task is about: failing tests and suspicious lines of a work tree, or the parts of an expression',
  skills: [
    {
      id: 'analyze',
      name: 'Analyze',
      description: 'The cause of failing tests with the suspicious lines, most suspicious first',
      tags: ['code', 'analysis'],
      examples: ['Why do the tests of /home/me/project fail?', 'What is to be done for (3+4)*2?'],
    },
  ],
  work: async (ask, desk) => {
    if (namedWorkTree(ask) !== null) return readProject(ask, desk);
    const text = firstText(ask.inputs['expression'], ask.prompt) ?? '';
    const isBare = /^[-+*/^().\d\s]+$/.test(text);
    const expression = isBare ? text : (/[-+(.\d][-+*/^().\d\s]*[\d)]|\d/.exec(text)?.[0] ?? null);
    if (expression !== null) return readExpression(expression, desk);
    throw new WorkFault('invalid_input', 'neither a work tree (input `repo`) nor an expression is named');
  },
};
