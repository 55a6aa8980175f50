// Lets the bundle of the command line do what most commands do, and keeps what V8 compiled meanwhile. For Node 24.
//
//   node .ci/cli-warm.js BUNDLE FILE
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

const [, , filename, out] = process.argv;
const ROOT = join(import.meta.dirname, '..');
const COMMANDS = [['version'], ['status'], ['agents'], ['runs', 'list'], ['status', '-o', 'json']];

/** Enough for a command to print something; what it prints goes nowhere. */
const HEALTH = {
  status: 'ok',
  version: '0.0.0',
  uptime_ms: 1_000,
  head_seq: 1,
  counts: { agents: 1, team_runs_active: 0, invocations_active: 0 },
  mirror: { lag: 0, problem: null },
  problems: [],
};

const answer = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'x-log-id': 'log' });
  response.end(JSON.stringify(request.url === '/healthz' ? HEALTH : []));
};

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-warm-'));
const daemon = createServer(answer);
try {
  daemon.listen(join(folder, 'agentmesh.sock'));
  await once(daemon, 'listening');
  process.env.AGENTMESH_DATA_DIR = folder;
  const script = new Script(readFileSync(filename, 'latin1'), { filename });
  const run = script.runInThisContext();
  for (const words of COMMANDS) {
    process.argv = [process.execPath, join(ROOT, 'cli', 'agentmesh.ts'), ...words];
    const module = { exports: {} };
    run(process.getBuiltinModule, module, (path) => pathToFileURL(join(ROOT, path)).href);
    await module.exports.finished;
    if (process.exitCode !== 0)
      throw new Error(`agentmesh ${words.join(' ')} ended with ${process.exitCode}`);
  }
  writeFileSync(out, script.createCachedData());
} finally {
  daemon.close();
  daemon.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
