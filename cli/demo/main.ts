// `npm run demo`: the demo as a program of its own. `-- --keep` leaves everything running at the end.
import { parseArgs } from 'node:util';
import { runDemo } from './run-demo.ts';

const usage = 'npm run demo [-- --keep] [--color auto|always|never]';

const options = ((): { keep: boolean; color: 'auto' | 'always' | 'never' } | null => {
  try {
    const { values } = parseArgs({
      options: { keep: { type: 'boolean', default: false }, color: { type: 'string', default: 'auto' } },
    });
    const { keep, color } = values;
    return color === 'auto' || color === 'always' || color === 'never' ? { keep, color } : null;
  } catch {
    return null;
  }
})();

if (options === null) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
} else process.exitCode = await runDemo(options);
