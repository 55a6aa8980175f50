// npm run test:agents [-- LANE …]: the real programs, a lane after the other; all that can run when none is named. Programs
// that are missing are installed first; AGENTMESH_LANES names a folder that keeps them. Ends with a table of the lanes and
// the line `N passed, N failed`.
import { join } from 'node:path';
import { run } from 'node:test';
import { finished } from 'node:stream/promises';
import { inspect } from 'node:util';
import { laneProgram, PROGRAMS } from './lane-program.ts';
import { chooseLanes, LANES, VERSION_NOTE } from './lanes.ts';

interface Row {
  readonly lane: string;
  program: string;
  passed: number;
  failed: number;
  seconds: number;
}

/** How node:test says that a suite failed before its tests. */
const HOOK = /failureType: 'hookFailed'/;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The programs of a lane as they are pinned: what it met, unless it says so more exactly. */
const pinned = (lane: string): string =>
  (LANES[lane]?.programs ?? []).map((name) => `${name} ${PROGRAMS[name].version}`).join(', ');

const runLane = async (lane: string): Promise<Row> => {
  const row: Row = { lane, program: pinned(lane), passed: 0, failed: 0, seconds: 0 };
  const start = Date.now();
  const tests = run({ files: [join(import.meta.dirname, `${lane}.lane.ts`)], concurrency: false });
  tests.on('test:diagnostic', ({ message }) => {
    if (message.startsWith(VERSION_NOTE)) row.program = message.slice(VERSION_NOTE.length);
    else if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(message))
      say(`        ${message}`);
  });
  tests.on('test:pass', ({ name, details }) => {
    if (details.type === 'suite') return;
    row.passed += 1;
    say(`ok      ${lane}: ${name} (${String(Math.round(details.duration_ms))} ms)`);
  });
  tests.on('test:fail', ({ name, details }) => {
    // A suite fails with its tests; of its own it has only a hook that failed before them.
    if (details.type === 'suite' && !HOOK.test(inspect(details.error))) return;
    row.failed += 1;
    say(`failed  ${lane}: ${name}\n${inspect(details.error.cause ?? details.error)}`);
  });
  tests.resume();
  await finished(tests);
  row.seconds = Math.round((Date.now() - start) / 1_000);
  return row;
};

const tableOf = (rows: readonly Row[]): string => {
  const cells = rows.map(({ lane, program, passed, failed, seconds }) => [
    lane,
    program === '' ? 'unknown' : program,
    String(passed + failed),
    failed === 0 && passed > 0 ? 'passed' : `${String(failed)} failed`,
    `${String(seconds)} s`,
  ]);
  const all = [['lane', 'program', 'tests', 'result', 'time'], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const choice = chooseLanes(process.argv.slice(2), process.env);
if ('problem' in choice) {
  process.stderr.write(`${choice.problem}\n`);
  process.exit(2);
}
for (const line of choice.leftOut) say(line);
for (const program of new Set(choice.run.flatMap((lane) => LANES[lane]?.programs ?? [])))
  await laneProgram(program);
const rows: Row[] = [];
for (const lane of choice.run) rows.push(await runLane(lane));
const sum = (count: (row: Row) => number): number => rows.reduce((total, row) => total + count(row), 0);
say(`\n${tableOf(rows)}\n`);
say(`${String(sum(({ passed }) => passed))} passed, ${String(sum(({ failed }) => failed))} failed`);
process.exitCode = rows.every(({ passed, failed }) => failed === 0 && passed > 0) ? 0 : 1;
