// The worker's program: the real engine and the real apps, run as the supervisor orders.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, nodePorts } from '#engine/index';
import type { WorkerOrder } from './messages.ts';
import { runWorker } from './run-worker.ts';

const ROOT = join(import.meta.dirname, '..', '..');

// Programs that agents start must not fill our compile cache.
delete process.env['NODE_COMPILE_CACHE'];

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };

await runWorker({
  order: JSON.parse(process.argv[2] ?? '') as WorkerOrder,
  parts: (log) => ({ createEngine, ports: nodePorts(log, process.env) }),
  version: manifest.version,
  builtInTemplates: join(ROOT, 'templates'),
  consoleDir: join(ROOT, 'dist', 'console'),
});
