// Runs sections of the table and closes with one plain line, `N passed, N failed`.
//
//   node .ci/main.ts            every section          node .ci/main.ts --fast     those of `npm run check`
//   node .ci/main.ts lint e2e   the named ones         node .ci/main.ts --list     what there is
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { runSection } from './run-section.ts';
import type { Outcome } from './run-section.ts';
import { SECTIONS } from './sections.ts';
import type { Section } from './sections.ts';

const REPORT = 'tests/artifacts/report';
const LONGEST_MESSAGE_LINES = 60;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const indent = (text: string): string =>
  text
    .split('\n')
    .slice(0, LONGEST_MESSAGE_LINES)
    .map((line) => `       ${line}`)
    .join('\n');

const testFiles = (): readonly string[] =>
  globSync('{machines,engine,api,cli,console,tests}/**/*.{test,spec}.ts', {
    exclude: ['**/fixtures/**', '**/node_modules/**', 'tests/artifacts/**'],
  }).sort();

const choose = (args: readonly string[]): readonly Section[] => {
  if (args.includes('--fast')) return SECTIONS.filter((section) => section.fast);
  const unknown = args.find((arg) => !SECTIONS.some((section) => section.id === arg));
  if (unknown !== undefined)
    throw new Error(
      `no section is called ${unknown}; there are ${SECTIONS.map((section) => section.id).join(', ')}`,
    );
  return args.length === 0 ? SECTIONS : SECTIONS.filter((section) => args.includes(section.id));
};

const showOutcome = (outcome: Outcome): void => {
  const name = outcome.id.padEnd(14);
  if (outcome.empty) {
    say(`--   ${name} nothing to run`);
    return;
  }
  const counts = `${outcome.passed} passed, ${outcome.failed} failed`;
  say(
    `${outcome.failed === 0 ? 'ok  ' : 'FAIL'} ${name} ${counts.padEnd(24)} ${outcome.seconds.toFixed(1)} s`,
  );
  for (const { name: test, at, message } of outcome.failures) {
    say(`     ${test}${at === '' ? '' : `  (${at})`}`);
    say(indent(message));
  }
  if (outcome.failed > 0) say(`     all of its output: ${outcome.log}`);
};

/** Starts the sections in order, at most `width` at a time. */
const runAll = async (sections: readonly Section[], width: number, done: (outcome: Outcome) => void) => {
  const files = testFiles();
  const waiting = sections.values();
  const lane = async (): Promise<void> => {
    for (const section of waiting) {
      say(`...  ${section.id.padEnd(14)} ${section.about}`);
      const outcome = await runSection(section, files, REPORT);
      showOutcome(outcome);
      done(outcome);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
};

const main = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--list')) {
    for (const { id, about } of SECTIONS) say(`${id.padEnd(14)} ${about}`);
    return;
  }
  const sections = choose(args);
  const startedMs = performance.now();
  const outcomes: Outcome[] = [];
  const done = (outcome: Outcome): void => void outcomes.push(outcome);
  mkdirSync(REPORT, { recursive: true });
  await runAll(
    sections.filter((section) => section.beside),
    2,
    done,
  );
  await runAll(
    sections.filter((section) => !section.beside),
    1,
    done,
  );
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  writeFileSync(
    `${REPORT}/report.json`,
    JSON.stringify({ passed, failed, seconds, sections: outcomes }, null, 2),
  );
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  say(
    `\n${seconds.toFixed(1)} s in all; logs and counts are in ${REPORT}\n${passed} passed, ${failed} failed`,
  );
};

// Ends what is running, too: run-section listens for the exit.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
