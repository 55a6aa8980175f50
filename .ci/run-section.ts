// Runs one section of the table to its end and counts what passed and failed.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import process from 'node:process';
import type { Section } from './sections.ts';
import type { Failure, Tally } from './tally-reporter.ts';

export interface Outcome extends Tally {
  readonly id: string;
  readonly seconds: number;
  /** Everything that the section printed. */
  readonly log: string;
  /** Nothing was there to run. */
  readonly empty: boolean;
}

interface Ended {
  readonly code: number | null;
  readonly timedOut: boolean;
}

/** Runs Node with its output in `log`. A section over its limit is ended with everything that it started. */
const runNode = (args: readonly string[], log: string, limitSeconds: number): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const out = openSync(log, 'w');
    const env = {
      ...process.env,
      CI: 'true',
      NO_COLOR: '1',
      // Daemons of tests look for nobody on the network around them.
      AGENTMESH_DISCOVERY: 'off',
      NODE_COMPILE_CACHE: join(process.cwd(), 'node_modules/.cache/node-compile'),
      // Set inside a run of node:test, where a nested run would report to its parent instead of to its reporters.
      NODE_TEST_CONTEXT: undefined,
    };
    const child = spawn(process.execPath, args, { stdio: ['ignore', out, out], env, detached: true });
    closeSync(out);
    let timedOut = false;
    const endGroup = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, limitSeconds * 1000);
    process.once('exit', endGroup);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      process.off('exit', endGroup);
      resolve({ code, timedOut });
    });
  });

const lastLines = (file: string, count: number): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');

/** What vitest's json reporter writes, as far as it is read here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

const readVitest = (text: string): Tally => {
  const failures: Failure[] = [];
  let passed = 0;
  // The reporter is vitest's own, its version pinned by the lockfile.
  for (const file of (JSON.parse(text) as VitestReport).testResults) {
    for (const { fullName, status, failureMessages = [] } of file.assertionResults) {
      if (status === 'passed') passed += 1;
      else failures.push({ name: fullName, at: file.name, message: failureMessages.join('\n') || status });
    }
    if (file.status === 'failed' && file.assertionResults.length === 0)
      failures.push({ name: file.name, at: file.name, message: file.message ?? 'the file failed' });
  }
  return { passed, failed: failures.length, failures };
};

const planOf = (section: Section, files: readonly string[], json: string): readonly string[] => {
  const { work } = section;
  if (work.kind === 'command') return work.program;
  if (work.kind === 'vitest')
    return [
      'node_modules/@angular/cli/bin/ng.js',
      'test',
      '--no-watch',
      '--reporters=json',
      `--output-file=${json}`,
    ];
  return [
    '--test',
    `--test-isolation=${work.isolation}`,
    ...(work.isolation === 'process' ? ['--test-concurrency=2'] : []),
    '--test-timeout=240000',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./.ci/tally-reporter.ts',
    `--test-reporter-destination=${json}`,
    ...files,
  ];
};

/** What the exit code and the report say together: a run that counted nothing has failed. */
const judge = (section: Section, ended: Ended, log: string, json: string): Tally => {
  const failure = (message: string): Failure => ({
    name: section.id,
    at: '',
    message: `${message}\n${lastLines(log, 60)}`,
  });
  const problem = ended.timedOut
    ? `ended after ${section.limitSeconds} s, its limit`
    : `exit code ${ended.code ?? 'none'}`;
  if (section.work.kind === 'command')
    return ended.code === 0
      ? { passed: 1, failed: 0, failures: [] }
      : { passed: 0, failed: 1, failures: [failure(problem)] };
  const text = existsSync(json) ? readFileSync(json, 'utf8') : '';
  if (text === '') return { passed: 0, failed: 1, failures: [failure(`no report, ${problem}`)] };
  const counted = section.work.kind === 'vitest' ? readVitest(text) : (JSON.parse(text) as Tally);
  const isUnexplained = ended.code !== 0 && counted.failed === 0;
  if (!isUnexplained && counted.passed + counted.failed > 0) return counted;
  const what = isUnexplained ? problem : 'no test ran';
  return { passed: counted.passed, failed: 1, failures: [failure(what)] };
};

/**
 * @param files all test files of the tree, relative to the checkout, which is the working directory
 * @param reportFolder where the log and the counts go; exists
 */
export const runSection = async (
  section: Section,
  files: readonly string[],
  reportFolder: string,
): Promise<Outcome> => {
  const log = join(reportFolder, `${section.id}.log`);
  const json = resolvePath(reportFolder, `${section.id}.json`);
  rmSync(json, { force: true });
  const { work } = section;
  const taken = work.kind === 'command' ? [] : files.filter(work.takes);
  const isEmpty =
    work.kind === 'command' ? work.needs !== undefined && !existsSync(work.needs) : taken.length === 0;
  if (isEmpty) return { id: section.id, passed: 0, failed: 0, failures: [], seconds: 0, log, empty: true };
  const startedMs = performance.now();
  const ended = await runNode(planOf(section, taken, json), log, section.limitSeconds);
  const seconds = (performance.now() - startedMs) / 1000;
  return { id: section.id, seconds, log, empty: false, ...judge(section, ended, log, json) };
};
