// T32: secrets of agents are in no log, event, mirror, audit row, answer or error. Canaries are looked for in all of them.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine, nodePorts, socketCaller, type Engine } from '#engine/index';
import { openLog } from '#api/daemon/log';

const CANARIES = ['canary-token-8d1f', 'canary-apikey-77c3', 'canary-header-e05b'];
const [TOKEN = '', KEY = '', HEADER = ''] = CANARIES;
const dataDir = mkdtempSync(join(tmpdir(), 'canaries-'));
const logFile = join(dataDir, 'agentmeshd.log');
const log = openLog(logFile, 'debug', null);
const caller = socketCaller('uid:1000');
let agent: Server;
let url = '';
let secrets = 0;
/** What the card says besides, changed in the middle. */
let interfacePath = '/a2a';
let engine: Engine;

before(async () => {
  agent = createServer((incoming, response) => {
    const headers = JSON.stringify(incoming.rawHeaders);
    if (CANARIES.every((canary) => headers.includes(canary))) secrets += 1;
    response.setHeader('content-type', 'application/json');
    if (incoming.method === 'GET') {
      const supportedInterfaces = [
        { url: `${url}${interfacePath}`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ];
      // A careless agent: it tells what it was shown.
      response.end(
        JSON.stringify({ name: 'parrot', description: headers, capabilities: {}, supportedInterfaces }),
      );
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: unknown };
      const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: headers }] };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { message } }));
    });
  });
  agent.listen(0, '127.0.0.1');
  await once(agent, 'listening');
  const address = agent.address();
  url = `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`;
  engine = await createEngine(
    {
      dataDir,
      templateDirs: [],
      bootstrapFile: null,
      synchronous: 'NORMAL',
      concurrency: 4,
      version: '0',
    },
    nodePorts(log.logger, {}),
  );
});
after(async () => {
  await engine.close({ drainMs: 1_000 });
  log.close();
  agent.closeAllConnections();
  agent.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const runOnce = async (): Promise<string> => {
  const { run_id: id } = await engine.invocations.start(caller, { to: 'parrot', prompt: 'say it' });
  for (let tries = 0; engine.invocations.get(id).ended_at === null && tries < 500; tries += 1)
    await sleep(20);
  return engine.invocations.get(id).state;
};

it('an agent that is told three secrets and repeats them; a change of it is an alarm until it is trusted again', async () => {
  const added = await engine.agents.add(
    caller,
    { url, token: TOKEN, api_key: KEY, headers: { 'X-Secret': HEADER } },
    'url',
    url,
  );
  assert.equal(added.has_credential, true);
  assert.equal(await runOnce(), 'completed');

  interfacePath = '/other';
  await engine.discovery.sweep(caller, { waitMs: 5_000 });
  assert.equal(engine.agents.get('parrot').trust, 'changed');
  await assert.rejects(engine.invocations.start(caller, { to: 'parrot', prompt: 'x' }), {
    code: 'agent_changed',
  });
  await engine.agents.trust(caller, 'parrot', engine.agents.get('parrot').identity ?? '');
  assert.equal(await runOnce(), 'completed');
  assert.ok(secrets >= 4, 'the agent was shown them at each request');

  // What is logged beside them: objects that hold an entry, errors that hold a header.
  log.logger.info(
    { entry: { url, token: TOKEN, api_key: KEY, headers: { 'X-Secret': HEADER } } },
    'an entry',
  );
  log.logger.error({ err: new Error(`401 for Bearer ${TOKEN}`) }, 'an error');
  const shown = JSON.stringify([
    engine.agents.list(),
    engine.events.page({}, 0, 1_000).lines,
    engine.audit.list({ limit: 500 }),
    engine.health(),
    engine.invocations.list({ limit: 50, plainOnly: false }),
  ]);
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !file.name.startsWith('agentmesh.db'))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
  assert.ok(files.join('').includes('an entry'));
  for (const canary of CANARIES)
    for (const text of [shown, ...files]) assert.ok(!text.includes(canary), canary);
  assert.ok(shown.includes('[credential]'));
});
