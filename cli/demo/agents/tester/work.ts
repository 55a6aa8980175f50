// tester: proves a result: runs a project’s tests, or works an expression out a second way and compares.
import type { Agent, Ask, Desk, Result } from '../harness/work.ts';
import { fromOutputs, firstText, WorkFault } from '../harness/work.ts';
import { runCommand } from '../project/run-command.ts';
import { readTestOutput } from '../project/test-report.ts';
import { namedWorkTree, testCommandOf, workTreeOf } from '../project/work-tree.ts';
import { agree, evaluatePostfix } from './postfix.ts';

const TEST_LIMIT_MS = 120_000;
const TAIL_CHARS = 4_000;

const runTests = async (ask: Ask, desk: Desk): Promise<Result> => {
  const root = workTreeOf(ask);
  const command = testCommandOf(ask, root);
  await desk.phase(`running ${command}`);
  const run = await desk.tool(
    'run_tests',
    { command },
    () => runCommand(command, { cwd: root, signal: desk.signal, limitMs: TEST_LIMIT_MS }),
    ({ code, durationMs }) => ({ code, duration_ms: Math.round(durationMs) }),
  );
  desk.effect('run_tests');
  const { total, failed, failing } = readTestOutput(run.output);
  const passed = run.code === 0;
  const counts = total === null ? '' : ` (${total - (failed ?? 0)} of ${total})`;
  const why = run.timedOut
    ? `the tests did not end within ${TEST_LIMIT_MS / 1000} s`
    : `failing: ${failing.join(', ') || `exit code ${run.code ?? 'none'}`}`;
  return {
    text: passed ? `All tests pass${counts}.` : `The tests do not pass${counts}; ${why}.`,
    data: {
      passed,
      total,
      failed,
      failing,
      test_command: command,
      output_tail: run.output.slice(-TAIL_CHARS),
      duration_ms: Math.round(run.durationMs),
    },
  };
};

const recompute = async (expression: string, given: unknown, desk: Desk): Promise<Result> => {
  const began = performance.now();
  await desk.phase('working it out a second way');
  const expected = await desk.tool('evaluate_postfix', { expression }, async () =>
    evaluatePostfix(expression),
  );
  const claimed = typeof given === 'number' ? given : Number(given);
  const passed = agree(expected, claimed);
  desk.effect('verify');
  return {
    text: passed
      ? `${expression} = ${String(given)} holds: a second method agrees.`
      : `${expression} = ${String(given)} does not hold: a second method gives ${expected}.`,
    data: {
      passed,
      expression,
      claimed: given,
      expected,
      method: 'postfix stack, floating point',
      total: 1,
      failed: passed ? 0 : 1,
      duration_ms: Math.round(performance.now() - began),
    },
  };
};

export const tester: Agent = {
  name: 'tester',
  description: 'Proves results: runs the tests of a project, or checks a calculation by another method',
  skills: [
    {
      id: 'test',
      name: 'Test',
      description: 'Runs the test command of a work tree and tells what failed',
      tags: ['code', 'test'],
      examples: ['Run the tests of /home/me/project'],
    },
    {
      id: 'verify',
      name: 'Verify',
      description: 'Works an expression out a second way and compares with the claimed result',
      tags: ['arithmetic', 'verify'],
      examples: ['Verify that (3+4)*2 = 14'],
    },
  ],
  work: async (ask, desk) => {
    if (namedWorkTree(ask) !== null) return runTests(ask, desk);
    const said = /([-+*/^().\d\s]*\d[-+*/^().\d\s]*)=\s*(-?[\d.]+)/.exec(ask.prompt);
    const expression = firstText(fromOutputs(ask, 'expression'), ask.inputs['expression'], said?.[1]);
    const result = fromOutputs(ask, 'result') ?? said?.[2];
    if (expression !== null && result !== undefined) return recompute(expression.trim(), result, desk);
    throw new WorkFault(
      'invalid_input',
      'neither a work tree (input `repo`) nor an expression with its result is given',
    );
  },
};
