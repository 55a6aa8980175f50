// A mesh for the command line's benchmark: the real daemon, the sample agent, a team run and a call to look at.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FILES } from '#machines/nouns/data-folder';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: sums
roles:
  clerk: { agent: calc }
steps:
  - { id: first, role: clerk, prompt: "1+1" }
  - { id: second, role: clerk, prompt: "{{ steps.first.output.result }} * 3" }
`;

export interface CliMesh {
  /** cli/bin/agentmesh.js. */
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  /** The daemon’s socket. */
  readonly socket: string;
  /** Name of a command as measured -> its words. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  close(): Promise<void>;
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = async (argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> => {
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
};

/** Starts the sample agent on a free port; answers the URL that it says. */
const startCalc = async (folder: string): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
  const program = join(ROOT, 'cli', 'demo', 'agents', 'calc', 'main.ts');
  const child = spawn(process.execPath, [program, '--port', '0', '--ledger', join(folder, 'ledger')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { readonly url?: string };
    if (said.url !== undefined) return { child, url: said.url };
  }
  throw new Error('the sample agent ended at its start');
};

/** Opens it in a temporary folder; `close` stops and removes everything. */
export const openCliMesh = async (): Promise<CliMesh> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
  const bin = join(ROOT, 'cli', 'bin', 'agentmesh.js');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    AGENTMESH_DATA_DIR: join(folder, 'data'),
    AGENTMESH_DISCOVERY: 'off',
  };
  for (const name of ['AGENTMESH_DAEMON_URL', 'AGENTMESH_HOST', 'AGENTMESH_PORT', 'NODE_COMPILE_CACHE'])
    Reflect.deleteProperty(env, name);
  const ask = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run([bin, ...words], env);
    if (code !== 0) throw new Error(`agentmesh ${words.join(' ')} ended with ${String(code)}: ${stderr}`);
    return stdout;
  };
  const { child: calc, url } = await startCalc(folder);
  const close = async (): Promise<void> => {
    await run([bin, 'down'], env);
    const gone = once(calc, 'exit');
    calc.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ask('up', '--port', '0');
    await ask('agents', 'add', url, '--name', 'calc');
    const team = join(folder, 'team.yaml');
    writeFileSync(team, TEAM);
    const teamRun = JSON.parse(await ask('team', 'run', team, '-o', 'json')) as {
      readonly team_run_id: string;
    };
    const call = JSON.parse(await ask('run', '--to', 'calc', '1+1', '-o', 'json')) as {
      readonly run_id: string;
    };
    const info = JSON.parse(readFileSync(join(folder, 'data', FILES.info), 'utf8')) as {
      readonly socket: string;
    };
    return {
      bin,
      env,
      socket: info.socket,
      commands: {
        version: ['version'],
        status: ['status'],
        agents: ['agents'],
        discover: ['discover'],
        events: ['events'],
        trace: ['trace', teamRun.team_run_id],
        'runs-list': ['runs', 'list'],
        'runs-get': ['runs', 'get', call.run_id],
        'team-list': ['team', 'list'],
        'team-check': ['team', 'check', team],
        run: ['run', '--to', 'calc', '1+1'],
        verify: ['verify'],
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
