// What the demo stands on: folders, programs and logs of its own, all of it gone at the end.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** How long a program may take to say that it is there. */
const READY_MS = 20_000;
/** How long it may take to end when it is told to, before it is killed. */
const END_MS = 4_000;
const LOOK_MS = 25;

/** A part of the demo that went wrong, with the end of the log that tells why. */
export class DemoFailure extends Error {
  readonly part: string;
  readonly tail: string;

  constructor(part: string, message: string, tail: string) {
    super(message);
    this.name = 'DemoFailure';
    this.part = part;
    this.tail = tail;
  }
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Shows what it prints while it prints it. */
  readonly show: boolean;
}

export interface Stage {
  readonly root: string;
  readonly dataDir: string;
  /** A path below the stage's folder; the folder above it exists. */
  path(...names: readonly string[]): string;
  /** Runs a program of ours (`agentmesh`, `agentmeshd`) or another one to its end. */
  run(program: string, args: readonly string[], options: RunOptions): Promise<Finished>;
  /** Starts a TypeScript program that stays; answers the JSON of its first line. */
  start(name: string, file: string, args: readonly string[]): Promise<Record<string, unknown>>;
  /** Starts a program that is not ours and stays; resolves when `isThere`. */
  serve(name: string, program: string, args: readonly string[], isThere: () => boolean): Promise<void>;
  /** A variable for everything that is run or started from now on. */
  set(name: string, value: string): void;
  /** The last lines of a program’s log. */
  tail(name: string): string;
  /** Process ids of what was started and stays. */
  pids(): readonly number[];
  /** Ends what was started, and removes what was made. */
  clear(): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const lastLines = (path: string, count: number): string => {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
};

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const end = async (child: ChildProcess): Promise<void> => {
  if (ended(child)) return;
  child.kill('SIGTERM');
  for (const until = Date.now() + END_MS; !ended(child) && Date.now() < until;) await pause(LOOK_MS);
  if (!ended(child)) child.kill('SIGKILL');
};

/** A new stage in the temporary folder. `colour` tells our programs whether a terminal is watching. */
export const makeStage = (colour: boolean): Stage => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'agentmesh-demo-')));
  const dataDir = join(root, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const started: ChildProcess[] = [];
  const running = new Set<ChildProcess>();
  // Its own agents only: what is on the network around it has no part in a demo.
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    AGENTMESH_DATA_DIR: dataDir,
    AGENTMESH_DISCOVERY: 'off',
  };
  // The demo must never reach a daemon that is already there.
  for (const name of [
    'AGENTMESH_DAEMON_URL',
    'AGENTMESH_TOKEN',
    'AGENTMESH_HOST',
    'AGENTMESH_PORT',
    'AGENTMESH_BOOTSTRAP',
    'AGENTMESH_REDIS_URL',
    'AGENTMESH_ANNOUNCE',
  ])
    Reflect.deleteProperty(env, name);
  if (colour) env['CLICOLOR_FORCE'] = '1';
  if (process.stdout.isTTY) env['COLUMNS'] = String(process.stdout.columns);
  const logOf = (name: string): string => join(root, `${name}.log`);

  const run = (program: string, args: readonly string[], { cwd, show }: RunOptions): Promise<Finished> =>
    new Promise((resolve, reject) => {
      const ours = program === 'agentmesh' || program === 'agentmeshd';
      const argv = ours ? [join(ROOT, 'cli', 'bin', `${program}.js`), ...args] : args;
      const child = spawn(ours ? process.execPath : program, argv, {
        cwd: cwd ?? root,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.add(child);
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        if (show) process.stdout.write(text);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
        if (show) process.stderr.write(text);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        running.delete(child);
        resolve({ code: code ?? 1, stdout, stderr });
      });
    });

  /** Starts what stays, and waits until it is ready. */
  const stay = async <T>(
    name: string,
    program: string,
    args: readonly string[],
    ready: () => T | null,
  ): Promise<T> => {
    // Logs instead of pipes: what is kept running must not depend on us.
    const log = openSync(logOf(name), 'a', 0o600);
    const child = spawn(program, args, { cwd: root, env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    let problem: string | null = null;
    child.on('error', (error) => {
      problem = error.message;
    });
    child.unref();
    started.push(child);
    const until = Date.now() + READY_MS;
    while (Date.now() < until && !ended(child) && problem === null) {
      const found = ready();
      if (found !== null) return found;
      await pause(LOOK_MS);
    }
    const why = problem ?? (ended(child) ? 'it ended at its start' : 'it did not get ready');
    throw new DemoFailure(name, why, lastLines(logOf(name), 15));
  };

  const start = (name: string, file: string, args: readonly string[]): Promise<Record<string, unknown>> =>
    stay(name, process.execPath, [join(ROOT, file), ...args], () => {
      const line = readFileSync(logOf(name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .find((each) => each.startsWith('{'));
      return line === undefined ? null : (JSON.parse(line) as Record<string, unknown>);
    });

  return {
    root,
    dataDir,
    path: (...names) => {
      mkdirSync(join(root, ...names.slice(0, -1)), { recursive: true });
      return join(root, ...names);
    },
    run,
    start,
    serve: async (name, program, args, isThere) => {
      await stay(name, program, args, () => (isThere() ? true : null));
    },
    set: (name, value) => {
      env[name] = value;
    },
    tail: (name) => lastLines(name === 'agentmeshd' ? join(dataDir, 'agentmeshd.log') : logOf(name), 15),
    pids: () => started.flatMap((child) => child.pid ?? []),
    clear: async () => {
      for (const child of running) child.kill('SIGTERM');
      await run('agentmeshd', ['stop', '--data-dir', dataDir], { show: false }).catch(() => undefined);
      await Promise.all(started.map(end));
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};
