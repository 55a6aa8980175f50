// A real daemon with real agent programs and a scripted model, driven by the command line as its user would.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readInfo } from '#api/daemon/info';
import { isAlive } from '#api/daemon/process-facts';
import { agentmesh } from '#cli/testing/fake-daemon';
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import { laneProgram, type CommandName } from './lane-program.ts';
import { startModelServer, type ModelServer } from './model-server.ts';

const DAEMON = join(import.meta.dirname, '..', '..', 'cli', 'bin', 'agentmeshd.js');

/** Real programs start in seconds, on a busy machine in many. */
const PATIENCE_MS = 90_000;

export interface LaneMesh {
  readonly model: ModelServer;
  /** Where the agents work. */
  readonly work: string;
  /** Runs a command to its end. */
  cli(...argv: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** The same with `-o json`; fails when the command does. */
  json(...argv: readonly string[]): Promise<unknown>;
  /** Begins a call; answers the id of its run. */
  begin(agent: string, prompt: string): Promise<string>;
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

/** Everything that a program may keep or read, in the lane’s own folder. */
const homeEnv = (home: string): Record<string, string> => ({
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  XDG_STATE_HOME: join(home, 'state'),
});

const opencodeConfig = (url: string): object => ({
  model: 'fake/fake-1',
  small_model: 'fake/fake-1',
  autoupdate: false,
  share: 'disabled',
  provider: {
    fake: {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${url}/v1`, apiKey: 'none' },
      models: {
        'fake-1': { reasoning: true, tool_call: true, limit: { context: 128_000, output: 4_096 } },
      },
    },
  },
  permission: { bash: 'ask', edit: 'ask' },
});

const codexConfig = (url: string): string => `model = "fake-1"
model_provider = "fake"
[model_providers.fake]
name = "Fake"
base_url = "${url}/v1"
wire_api = "responses"
env_key = "FAKE_KEY"
request_max_retries = 0
stream_max_retries = 0
`;

/** Opens a mesh with these programs as agents of the same names; `more` is what the shell of its user knows besides. */
export const openLaneMesh = async (
  names: readonly CommandName[],
  more: Readonly<Record<string, string>> = {},
): Promise<LaneMesh> => {
  const programs = new Map(names.map((name) => [name, laneProgram(name)]));
  const model = await startModelServer();
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-lane-'));
  const [dataDir, work, home] = ['data', 'work', 'home'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [dataDir, work, home, join(home, 'codex')]) mkdirSync(each, { mode: 0o700 });
  writeFileSync(join(home, 'opencode.json'), JSON.stringify(opencodeConfig(model.url)));
  writeFileSync(join(home, 'codex', 'config.toml'), codexConfig(model.url));
  const own = {
    opencode: {
      kind: 'acp',
      env: {
        OPENCODE_CONFIG: join(home, 'opencode.json'),
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
      },
    },
    claude: {
      kind: 'claude',
      env: {
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'none',
        CLAUDE_CONFIG_DIR: join(home, 'claude'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    },
    codex: { kind: 'codex', env: { CODEX_HOME: join(home, 'codex'), FAKE_KEY: 'none' } },
  };
  const agents = [...programs].map(([name, path]) => ({
    name,
    kind: own[name].kind,
    command: [path],
    cwd: work,
    env: { ...homeEnv(home), ...own[name].env },
  }));
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents }), { mode: 0o600 });
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
    async begin(agent, prompt) {
      const { code, stdout, stderr } = await cli('run', '--detach', '--to', agent, prompt);
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
        env: { ...process.env, ...env, AGENTMESH_DISCOVERY: 'off' },
      });
      await until('the daemon', async () => ((await cli('status')).code === 0 ? true : null));
    },
    leftOf: (runId) =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((pid) => {
          try {
            return readFileSync(`/proc/${String(pid)}/environ`, 'utf8').includes(
              `AGENTMESH_RUN_ID=${runId}\0`,
            );
          } catch {
            return false;
          }
        }),
    async close() {
      const ended = daemon === null ? null : once(daemon, 'exit');
      daemon?.kill('SIGTERM');
      await ended;
      await model.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await mesh.up();
  // OpenCode makes its database at its first start and fails when two of it do so at once: the probe is waited for.
  await cli('discover');
  return mesh;
};
