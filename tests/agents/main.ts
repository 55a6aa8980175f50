// npm run test:agents [-- LANE …]: the real programs, a lane after the other; all of them when none is named. The last line
// is `N passed, N failed`. AGENTMESH_LANES names a folder that keeps the installed programs.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { finished } from 'node:stream/promises';

const ENDING = '.lane.ts';
const lanes = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !lanes.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No lane ${unknown.join(', ')}; there are ${lanes.join(', ')}\n`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const tests = run({
  files: (asked.length > 0 ? asked : lanes).map((name) => join(import.meta.dirname, name + ENDING)),
  concurrency: false,
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
tests.on('test:pass', ({ name, details }) => {
  if (details.type === 'suite') return;
  passed += 1;
  say(`ok      ${name} (${String(Math.round(details.duration_ms))} ms)`);
});
tests.on('test:fail', ({ name, details }) => {
  if (details.type === 'suite') return;
  failed += 1;
  say(`failed  ${name}\n${inspect(details.error.cause ?? details.error)}`);
});
tests.resume();
await finished(tests);
process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
