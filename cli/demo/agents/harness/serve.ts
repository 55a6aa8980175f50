// A sample agent as a process: an A2A 1.0 server on loopback, JSON-RPC and REST.
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { makeCard } from './card.ts';
import { createHandler } from './handler.ts';
import type { Ledger } from './ledger.ts';
import { openLedger } from './ledger.ts';
import { createTasks, recoverTasks } from './tasks.ts';
import type { Agent } from './work.ts';

const HOST = '127.0.0.1';

interface Options {
  readonly port: number;
  readonly token: string | null;
  readonly ledgerDir: string | null;
  readonly delayMs: number;
}

const wholeNumber = (text: string, name: string, most: number): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) throw new Error(`--${name} must be a whole number up to ${most}`);
  return value;
};

/** The options of a sample agent’s command line. */
export const readOptions = (argv: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '0' },
      token: { type: 'string' },
      ledger: { type: 'string' },
      'delay-ms': { type: 'string', default: '0' },
    },
  });
  return {
    port: wholeNumber(values.port, 'port', 65_535),
    token: values.token ?? null,
    ledgerDir: values.ledger ?? null,
    delayMs: wholeNumber(values['delay-ms'], 'delay-ms', 600_000),
  };
};

const bearer = (token: string): express.RequestHandler => {
  const wanted = Buffer.from(`Bearer ${token}`);
  return (request, response, next) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) next();
    else response.status(401).set('WWW-Authenticate', 'Bearer').json({ error: 'a bearer token is needed' });
  };
};

/** A folder for scratch copies. Beside a ledger it has a fixed name, so that what a killed agent left is cleared away. */
const emptyScratch = (ledgerDir: string | null, name: string): string => {
  if (ledgerDir === null) return mkdtempSync(join(tmpdir(), `agentmesh-${name}-`));
  const dir = join(ledgerDir, `${name}-scratch`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  return dir;
};

/** What tests read: each effect with its count, each task with its state. */
const ledgerPage = (agent: Agent, ledger: Ledger) => ({
  agent: agent.name,
  effects: ledger.effects(),
  tasks: ledger.all().map(({ id, contextId, status }) => ({
    id,
    context_id: contextId,
    message_id: ledger.messageOf(id),
    state: status?.state ?? 0,
  })),
});

/**
 * Serves until SIGTERM or SIGINT. When ready it prints one JSON line {"name","url","pid"}.
 * Options: --port N (0: any free one), --token T, --ledger DIR, --delay-ms N (each phase of the work takes that long).
 */
export const serve = async (agent: Agent, argv: readonly string[]): Promise<void> => {
  const options = readOptions(argv);
  const ledger = openLedger(options.ledgerDir, agent.name);
  await recoverTasks(agent, ledger);
  const scratch = emptyScratch(options.ledgerDir, agent.name);
  const tasks = createTasks(agent, ledger, { delayMs: options.delayMs, scratch });
  const app = express();
  app.disable('x-powered-by');
  const server = createServer(app as Parameters<typeof createServer>[1]);
  server.listen(options.port, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  const url = `http://${HOST}:${address.port}`;
  const card = makeCard(agent, url, options.token !== null);
  const requestHandler = createHandler(card, ledger, tasks);
  const shared = { requestHandler, userBuilder: UserBuilder.noAuthentication };
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }));
  app.get('/ledger', (_request, response) => void response.json(ledgerPage(agent, ledger)));
  if (options.token !== null) app.use(bearer(options.token));
  app.use('/a2a/v1', jsonRpcHandler(shared));
  app.use('/a2a/rest', restHandler(shared));

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void (async () => {
      server.close();
      await tasks.close();
      // What was just told to streams still has to leave.
      await new Promise((resolve) => setTimeout(resolve, 50));
      server.closeAllConnections();
      ledger.close();
      rmSync(scratch, { recursive: true, force: true });
      process.exit(0);
    })();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ name: agent.name, url, pid: process.pid })}\n`);
};
