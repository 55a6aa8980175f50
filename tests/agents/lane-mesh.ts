// A real daemon with real agent programs and a scripted model, driven by the command line as its user would.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { readInfo } from '#api/daemon/info';
import { isAlive } from '#api/daemon/process-facts';
import { agentmesh } from '#cli/testing/fake-daemon';
import type { Agent } from '#machines/nouns/agent';
import { FILES } from '#machines/nouns/data-folder';
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import { writeSettings } from './lane-home.ts';
import { laneProgram, type CommandName } from './lane-program.ts';
import { startModelServer, type ModelServer } from './model-server.ts';

const DAEMON = join(import.meta.dirname, '..', '..', 'cli', 'bin', 'agentmeshd.js');

/** Real programs start in seconds, on a busy machine in many. */
const PATIENCE_MS = 240_000;

export interface LaneMesh {
  readonly model: ModelServer;
  /** Where the agents work. */
  readonly work: string;
  /** Runs a command to its end. */
  cli(...argv: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** The same with `-o json`; fails when the command does. */
  json(...argv: readonly string[]): Promise<unknown>;
  /** Looks for agents until the version of this one is known. */
  known(agent: string): Promise<Agent>;
  /** Begins a call; answers the id of its run. */
  begin(agent: string, prompt: string, ...options: readonly string[]): Promise<string>;
  /** Waits until a run says something that holds; answers its events. */
  seen(runId: string, holds: (event: EventV1) => boolean): Promise<EventV1[]>;
  /** Waits for the end of a run: its events, and its last state. */
  ended(runId: string): Promise<{ events: EventV1[]; state: string; text: string }>;
  /** Waits for the question of a run. */
  question(runId: string): Promise<Approval>;
  /** kill -9 of supervisor and worker. */
  kill(): Promise<void>;
  up(): Promise<void>;
  /** Processes that carry the key of any run of this mesh. */
  leftOf(runId: string): number[];
  close(): Promise<void>;
}

const until = async <T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> => {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const found = await look();
    if (found !== null) return found;
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await sleep(150);
  }
};

export interface LaneOptions {
  /** Nothing is said of the programs: they lie on the PATH of the daemon, whose environment is theirs. */
  readonly areFound?: boolean;
}

/** Opens a mesh with these programs as agents of the same names; `more` is what the shell of its user knows besides. */
export const openLaneMesh = async (
  names: readonly CommandName[],
  more: Readonly<Record<string, string>> = {},
  { areFound = false }: LaneOptions = {},
): Promise<LaneMesh> => {
  const programs = await Promise.all(names.map(async (name) => [name, await laneProgram(name)] as const));
  const model = await startModelServer();
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-lane-'));
  const [dataDir, work, home] = ['data', 'work', 'home'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [dataDir, work, home]) mkdirSync(each, { mode: 0o700 });
  const own = writeSettings(home, model.url);
  const agents = programs.map(([name, path]) => ({
    name,
    kind: own[name].kind,
    command: [path],
    cwd: work,
    env: own[name].env,
  }));
  if (!areFound)
    writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents }), {
      mode: 0o600,
    });
  const daemonEnv: Readonly<Record<string, string>> = areFound
    ? {
        ...Object.fromEntries(agents.flatMap((agent) => Object.entries(agent.env))),
        PATH: [
          dirname(process.execPath),
          ...programs.map(([, path]) => dirname(path)),
          '/usr/bin',
          '/bin',
        ].join(delimiter),
        AGENTMESH_DISCOVERY: 'programs',
      }
    : { AGENTMESH_DISCOVERY: 'off' };
  const env = { AGENTMESH_DATA_DIR: dataDir, XDG_RUNTIME_DIR: folder };
  let daemon: ChildProcess | null = null;
  const cli: LaneMesh['cli'] = (...argv) => agentmesh(argv, { env: { ...env, ...more }, cwd: folder });

  const mesh: LaneMesh = {
    model,
    work,
    cli,
    async json(...argv) {
      const { code, stdout, stderr } = await cli(...argv, '-o', 'json');
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as unknown;
    },
    known: (agent) =>
      until(`the version of ${agent}`, async () => {
        await cli('discover');
        const found = (await mesh.json('agents', 'get', agent)) as Agent;
        return found.version === null ? null : found;
      }),
    async begin(agent, prompt, ...options) {
      const { code, stdout, stderr } = await cli('run', '--detach', '--to', agent, ...options, prompt);
      assert.equal(code, 0, stderr);
      return stdout.trim();
    },
    async seen(runId, holds) {
      return until(`run ${runId}`, async () => {
        const events = (await mesh.json('trace', runId)) as EventV1[];
        return events.some(holds) ? events : null;
      });
    },
    async ended(runId) {
      const isEnd = ({ kind, payload, metadata }: EventV1): boolean =>
        kind === 'status' &&
        metadata['source'] === 'engine' &&
        ['completed', 'failed', 'cancelled'].includes(String(payload['state']));
      const events = await mesh.seen(runId, isEnd);
      const answer = events.find(({ metadata }) => metadata['final'] === true);
      return {
        events,
        state: String(events.find(isEnd)?.payload['state']),
        text: typeof answer?.payload['text'] === 'string' ? answer.payload['text'] : '',
      };
    },
    async question(runId) {
      return until('a question', async () => {
        const open = (await mesh.json('approvals', 'list')) as Approval[];
        return open.find((each) => each.run_id === runId) ?? null;
      });
    },
    async kill() {
      const info = readInfo(dataDir);
      assert.ok(info !== null && daemon !== null);
      const ended = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      process.kill(info.worker_pid, 'SIGKILL');
      await ended;
      await until('the worker to be gone', () => (isAlive(info.worker_pid) ? null : true));
    },
    // A child of ours, so that it is reaped when it was killed.
    async up() {
      daemon = spawn(process.execPath, [DAEMON, 'start', '--port', '0'], {
        stdio: 'ignore',
        env: { ...process.env, ...env, ...daemonEnv },
      });
      await until('the daemon', async () => ((await cli('status')).code === 0 ? true : null));
    },
    // A program that serves many runs carries its own id instead of the run’s; the handle of the run has it.
    leftOf: (runId) => {
      const db = new Database(join(dataDir, FILES.database), { readonly: true });
      const row = db
        .prepare<[string], { program: string | null }>(
          "select json_extract(handle, '$.program') as program from invocations where run_id = ?",
        )
        .get(runId);
      db.close();
      return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((pid) => {
          try {
            return readFileSync(`/proc/${String(pid)}/environ`, 'utf8').includes(
              `AGENTMESH_RUN_ID=${row?.program ?? runId}\0`,
            );
          } catch {
            return false;
          }
        });
    },
    async close() {
      // One that a test has killed is gone already, and tells nobody again.
      if (daemon !== null && daemon.exitCode === null && daemon.signalCode === null) {
        const ended = once(daemon, 'exit');
        daemon.kill('SIGTERM');
        await ended;
      }
      await model.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await mesh.up();
  // OpenCode makes its database at its first start and fails when two of it do so at once: the probe is waited for.
  if (!areFound) await Promise.all(names.map((name) => mesh.known(name)));
  return mesh;
};
