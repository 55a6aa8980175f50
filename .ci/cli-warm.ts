// Lets the bundle of the command line do what most commands do, and keeps what V8 compiled meanwhile. For Node 24.
//
//   node .ci/cli-warm.ts BUNDLE FILE
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { socketPath } from '#api/contract/address';
import type { RouteAnswer } from '#api/contract/shapes';

const [, , filename = '', out = ''] = process.argv;
const ROOT = join(import.meta.dirname, '..');
const COMMANDS = [['version'], ['status'], ['agents'], ['runs', 'list'], ['status', '-o', 'json']];

const HEALTH: RouteAnswer<'healthz'> = {
  status: 'ok',
  version: '0.0.0',
  log_id: 'log',
  head_seq: 1,
  mirror: { ok: true, lag: 0, problem: null },
  problems: [],
  discovery: [],
  queue: { driver: 'sqlite', problem: null, waiting: 0, dropped: 0 },
  workers: [],
  counts: { agents: 1, invocations_active: 0, team_runs_active: 0, approvals_pending: 0 },
  uptime_ms: 1_000,
};

/** Enough for a command to print something; what it prints goes nowhere. */
const answer = (request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json', 'x-log-id': HEALTH.log_id });
  response.end(JSON.stringify(request.url === '/healthz' ? HEALTH : []));
};

/** As cli/bin/agentmesh.js calls it. */
type Bundle = (
  require: (id: string) => unknown,
  module: { exports: { finished?: Promise<void> } },
  urlOf: (path: string) => string,
) => void;

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-warm-'));
const daemon = createServer(answer);
try {
  // No daemon but this one is to be asked, whatever the environment says.
  for (const name of Object.keys(process.env))
    if (name.startsWith('AGENTMESH_')) Reflect.deleteProperty(process.env, name);
  process.env['AGENTMESH_DATA_DIR'] = folder;
  const socket = process.platform === 'win32' ? null : socketPath(folder, undefined);
  if (socket === null) daemon.listen(0, '127.0.0.1');
  else daemon.listen(socket);
  await once(daemon, 'listening');
  const address = daemon.address();
  if (address !== null && typeof address === 'object')
    process.env['AGENTMESH_DAEMON_URL'] = `http://127.0.0.1:${String(address.port)}`;
  const script = new Script(readFileSync(filename, 'latin1'), { filename });
  const run = script.runInThisContext() as Bundle;
  for (const words of COMMANDS) {
    process.argv = [process.execPath, join(ROOT, 'cli', 'agentmesh.ts'), ...words];
    const module: Parameters<Bundle>[1] = { exports: {} };
    run(
      (id) => process.getBuiltinModule(id),
      module,
      (path) => pathToFileURL(join(ROOT, path)).href,
    );
    await module.exports.finished;
    if (process.exitCode !== 0)
      process.stderr.write(
        `agentmesh ${words.join(' ')} ended with ${String(process.exitCode)}, so less of it is compiled\n`,
      );
  }
  process.exitCode = 0;
  writeFileSync(out, script.createCachedData());
} finally {
  daemon.close();
  daemon.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
