// `npm run bench`: one JSON line a case. `-- team-runs` runs the cases of that name only; `--scale 0.1` makes them smaller.
import { parseArgs } from 'node:util';
import { benchConsole } from './console.ts';
import { benchHttp } from './http.ts';
import { benchPages } from './pages.ts';
import { benchParked } from './parked.ts';
import { benchReady } from './ready.ts';
import { benchRestart } from './restart.ts';
import { benchSse } from './sse.ts';
import { benchTeamRuns } from './team-runs.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
const CASES: Readonly<Record<string, () => Promise<void>>> = {
  'team-runs': async () => {
    await benchTeamRuns('FULL', scale);
    await benchTeamRuns('NORMAL', scale);
  },
  parked: () => benchParked(scale),
  restart: () => benchRestart(scale),
  pages: () => benchPages(scale),
  sse: () => benchSse(scale),
  http: () => benchHttp(scale),
  ready: () => benchReady(scale),
  console: () => benchConsole(scale),
};
for (const name of positionals.length > 0 ? positionals : Object.keys(CASES)) {
  const run = CASES[name];
  if (run === undefined) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(', ')}`);
  await run();
}
// Servers of this process may still listen.
process.exit(0);
