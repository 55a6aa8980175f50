// The supervisor against workers that misbehave, each a few lines of their own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isAlive } from './process-facts.ts';
import { until } from '#tests/reliability/processes/mesh';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-supervisor-'));
after(() => {
  rmSync(folder, { recursive: true });
});

let programs = 0;

/** Runs a supervisor in a process of its own (it handles signals) on a worker with this body. */
const supervised = (worker: string, options: object = {}) => {
  programs += 1;
  const workerFile = join(folder, `worker-${String(programs)}.mjs`);
  const program = join(folder, `supervisor-${String(programs)}.mjs`);
  // `said` writes to stdout; the first line is always the worker's pid.
  writeFileSync(
    workerFile,
    `const said = (text) => process.stdout.write('@' + text + '\\n');
     process.on('disconnect', () => process.exit(9));
     said(process.pid);
     ${worker}`,
  );
  writeFileSync(
    program,
    `import { supervise } from ${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))};
     process.exitCode = await supervise({
       workerFile: ${JSON.stringify(workerFile)},
       order: { flags: {}, readable: false, colour: false },
       env: process.env,
       output: (text) => process.stdout.write(text),
       report: (report) => process.stdout.write('report ' + report.type + '\\n'),
       firstDelayMs: 1,
       ...${JSON.stringify(options)},
     });`,
  );
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (code, signal) => {
      resolve([code, signal]);
    });
  });
  const workers = (): number[] => [...text.matchAll(/^@(\d+)$/gm)].map(([, pid]) => Number(pid));
  return { child, ended, workers, text: () => text };
};

const READY = `process.send({ type: 'ready', info: {} });`;

test('a worker that ends itself in order ends the daemon with 0', async () => {
  const { ended, workers } = supervised('process.exit(0)');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(workers().length, 1);
});

test('a start that cannot succeed is not tried again; its exit code is passed on', async () => {
  const run =
    supervised(`process.send({ type: 'failed', failure: { code: 'port_in_use', message: 'taken', remedy: '', exit: 21 } },
    () => process.exit(21));`);
  assert.deepEqual(await run.ended, [21, null]);
  assert.equal(run.workers().length, 1);
  assert.match(run.text(), /report failed/);
});

test('a program that cannot even begin is not tried again', async () => {
  const run = supervised(`throw new Error('no such module')`);
  assert.deepEqual(await run.ended, [1, null]);
  assert.equal(run.workers().length, 1);
  assert.match(run.text(), /no such module/);
  assert.match(run.text(), /report gave-up/);
});

test('crashes in a row are counted, and with a quiet while between them they are not', async () => {
  const crash = `${READY} setTimeout(() => process.kill(process.pid, 'SIGKILL'), 60);`;
  const inARow = supervised(crash, { crashLimit: 3 });
  assert.deepEqual(await inARow.ended, [1, null]);
  assert.equal(inARow.workers().length, 3);
  assert.equal(inARow.text().match(/report/g)?.length, 1, 'reported once');

  const apart = supervised(crash, { crashLimit: 2, quietMs: 1 });
  await until('more workers than crashes are allowed in a row', () => apart.workers().length > 4);
  apart.child.kill('SIGTERM');
  await apart.ended;
});

test('the wait between restarts doubles', async () => {
  const { ended, text } = supervised(`${READY} process.kill(process.pid, 'SIGKILL');`, { crashLimit: 4 });
  await ended;
  assert.deepEqual(
    [...text().matchAll(/in (\d+) ms/g)].map(([, ms]) => Number(ms)),
    [1, 2, 4],
  );
});

test('a stop while it waits to start the worker again ends at once', async () => {
  const { child, ended, text, workers } = supervised(`${READY} process.kill(process.pid, 'SIGKILL');`, {
    firstDelayMs: 600_000,
  });
  await until('the wait', () => text().includes('starting it again'));
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(workers().length, 1);
});

test('one key press is one signal, however often it arrives; a later one hurries', async () => {
  const run = supervised(`${READY}
    process.on('message', ({ type, hurry }) => { said(type + ' ' + hurry); if (hurry) process.exit(0); });`);
  await until('the worker', () => run.text().includes('report ready'));
  run.child.kill('SIGINT');
  await until('the stop', () => run.text().includes('@stop false'));
  run.child.kill('SIGINT');
  run.child.kill('SIGTERM');
  // What comes together is one: the worker is still there, and was asked once.
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(run.text().includes('@stop true'), false);
  run.child.kill('SIGINT');
  assert.deepEqual(await run.ended, [0, null]);
  assert.ok(run.text().includes('@stop true'));
});

test('a worker that does not stop is killed; it is never left behind', async () => {
  const run = supervised(
    `${READY} process.on('message', () => undefined); process.on('SIGTERM', () => undefined);`,
    {
      graceMs: [50, 50],
    },
  );
  await until('the worker', () => run.text().includes('report ready'));
  run.child.kill('SIGTERM');
  assert.deepEqual(await run.ended, [1, null]);
  assert.equal(isAlive(run.workers()[0] ?? 0), false);
});

test('a worker whose event loop is stuck is killed too', async () => {
  const run = supervised(`process.send({ type: 'ready', info: {} }, () => { for (;;); });`, {
    graceMs: [50, 50],
  });
  await until('the worker', () => run.text().includes('report ready'));
  run.child.kill('SIGTERM');
  assert.deepEqual(await run.ended, [1, null]);
  assert.equal(isAlive(run.workers()[0] ?? 0), false);
});

test('a grandchild that keeps the pipe open does not keep the supervisor waiting', async () => {
  const run = supervised(`
    const { spawn } = await import('node:child_process');
    const child = spawn('sleep', ['600'], { stdio: 'inherit', detached: true });
    said('grandchild ' + child.pid);
    ${READY}
    process.on('message', () => process.exit(0));`);
  const [, grandchild] = await until('it', () => /@grandchild (\d+)/.exec(run.text()));
  await until('ready', () => run.text().includes('report ready'));
  try {
    const exited = new Promise((resolve) => run.child.on('exit', resolve));
    run.child.kill('SIGTERM');
    assert.equal(await exited, 0);
  } finally {
    process.kill(Number(grandchild), 'SIGKILL');
  }
});

test('the last words of a worker that crashed are kept', async () => {
  const run = supervised(`${READY} console.error('the reason'); process.kill(process.pid, 'SIGABRT');`, {
    crashLimit: 1,
  });
  assert.deepEqual(await run.ended, [1, null]);
  assert.match(run.text(), /the reason[\s\S]*was ended by SIGABRT/);
});
