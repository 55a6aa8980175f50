// `npm run accept:first-use`: newcomers on different machines install, discover, ask and read the trace, each for the first
// time. `-- --only NAME` takes one, `-- --write` keeps the results for docs/acceptance.md.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Outcome } from './journey.ts';
import { RECORD, type FirstUse, type NewcomerResult } from './record.ts';
import { begin, STARTS, type Start } from './starts.ts';

/** The plan's: at least this part succeeds, each within so many seconds. */
const BAR = { success: 0.9, seconds: 600 } as const;

const { values } = parseArgs({
  options: { only: { type: 'string' }, write: { type: 'boolean' }, here: { type: 'boolean' } },
});

/** The same program inside a network namespace where only the loopback interface is up. */
const beginOffline = (start: Start): Outcome & { readonly seconds: number } => {
  const script = `ip link set lo up 2>/dev/null || ifconfig lo up; exec "$0" "$@"`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      ...['--net', '--map-root-user', 'sh', '-c', script],
      ...[process.execPath, fileURLToPath(import.meta.url), '--here', '--only', start.name],
    ],
    { encoding: 'utf8' },
  );
  const line = stdout.split('\n').findLast((each) => each.startsWith('{'));
  if (line === undefined) return { state: 'failed', words: stderr.slice(-600), seconds: 0 };
  return JSON.parse(line) as Outcome & { readonly seconds: number };
};

const said = (result: NewcomerResult): string =>
  result.state === 'succeeded'
    ? result.mended > 0
      ? `after ${String(result.mended)} hint${result.mended === 1 ? '' : 's'}`
      : ''
    : result.words;

const chosen = STARTS.filter(({ name }) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  process.stderr.write(`no newcomer of this name; there are: ${STARTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const results: NewcomerResult[] = [];
// One after the other, as people come: what is timed has the machine for itself.
for (const start of chosen) {
  const outcome = start.isOffline === true && values.here !== true ? beginOffline(start) : await begin(start);
  if (values.here === true) {
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
    continue;
  }
  const { seconds } = outcome;
  const late = seconds > BAR.seconds && outcome.state === 'succeeded';
  const result: NewcomerResult = {
    name: start.name,
    about: start.about,
    ...(late ? { state: 'failed', words: 'it took more than ten minutes' } : outcome),
    seconds: Math.round(seconds * 10) / 10,
  };
  results.push(result);
  process.stdout.write(
    `${result.state.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s  ${start.name}${said(result) === '' ? '' : `: ${said(result)}`}\n`,
  );
}

if (values.here !== true) {
  const succeeded = results.filter(({ state }) => state === 'succeeded').length;
  const failed = results.filter(({ state }) => state === 'failed').length;
  const isGood = failed === 0 && succeeded / results.length >= BAR.success;
  process.stdout.write(
    `\n${String(succeeded)} of ${String(results.length)} newcomers succeeded, ${String(failed)} were left alone with it: ${isGood ? 'accepted' : 'not accepted'}\n`,
  );
  if (values.write === true && values.only === undefined) {
    const record: FirstUse = {
      date: new Date().toISOString().slice(0, 10),
      node: process.versions.node,
      load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
      results,
    };
    writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
  }
  process.exitCode = isGood ? 0 : 1;
}
