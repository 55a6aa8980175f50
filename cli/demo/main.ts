// `npm run demo`: the demo as a program of its own. `-- --keep` leaves everything running at the end, `-- --redis[=URL]`
// lets jobs and calls travel through a Redis.
import { parseArgs } from 'node:util';
import { type DemoOptions, runDemo } from './run-demo.ts';

const usage = 'npm run demo [-- --keep] [--redis[=URL]] [--color auto|always|never]';

const options = ((): DemoOptions | null => {
  try {
    const { values } = parseArgs({
      // Alone it means a Redis of the demo's own.
      args: process.argv.slice(2).map((arg) => (arg === '--redis' ? '--redis=' : arg)),
      options: {
        keep: { type: 'boolean', default: false },
        redis: { type: 'string' },
        color: { type: 'string', default: 'auto' },
      },
    });
    const { keep, redis, color } = values;
    return color === 'auto' || color === 'always' || color === 'never' ? { keep, redis, color } : null;
  } catch {
    return null;
  }
})();

if (options === null) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
} else process.exitCode = await runDemo(options);
