// Starts, stops and double starts of the daemon in large numbers, each end another one, with a ledger of what was
// acknowledged kept outside the daemon.
import { readdirSync } from 'node:fs';
import { Mesh, until, type Run } from './mesh.ts';

export interface ProcessCounts {
  readonly starts: number;
  /** How the started daemons ended, by kind. */
  readonly ends: Readonly<Record<string, number>>;
  readonly doubleStarts: number;
  /** Second starts that were refused with daemon_running. */
  readonly refused: number;
  readonly acknowledged: number;
  /** Acknowledged events that the table or the mirror does not have. */
  readonly lost: readonly string[];
  readonly processesLeft: number;
  /** Open files of this process, afterwards minus before. */
  readonly openFilesGrown: number;
}

type Daemon = Run & { readonly info: { readonly url: string; readonly worker_pid: number } };

/** Everything that can end a daemon. Each resolves when no process is left. */
const ENDS: Readonly<Record<string, (mesh: Mesh, daemon: Daemon) => unknown>> = {
  SIGTERM: (_mesh, { child }) => child.kill('SIGTERM'),
  stop: async (mesh) => {
    const { code, stderr } = await mesh.command(['stop']);
    if (code !== 0) throw new Error(`stop ended with ${String(code)}: ${stderr}`);
  },
  SIGINT: (_mesh, { child }) => child.kill('SIGINT'),
  'kill -9 of the supervisor': (_mesh, { child }) => child.kill('SIGKILL'),
  SIGHUP: (_mesh, { child }) => child.kill('SIGHUP'),
  'kill -9 of both': (_mesh, { child, info }) => {
    child.kill('SIGKILL');
    process.kill(info.worker_pid, 'SIGKILL');
  },
};

const append = async (url: string, text: string): Promise<string> => {
  const response = await fetch(`${url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      schema_version: '1',
      run_id: 'ledger',
      kind: 'message',
      payload: { role: 'user', text },
    }),
  });
  if (response.status !== 201) throw new Error(`not acknowledged: ${await response.text()}`);
  return ((await response.json()) as { readonly id: string }).id;
};

/** Ids of the ledger that the log does not have. */
const missing = async (url: string, ledger: readonly string[]): Promise<string[]> => {
  const seen = new Set<string>();
  for (let after: string | null = '0'; after !== null;) {
    const response = await fetch(`${url}/api/events?run_id=ledger&limit=1000&after_seq=${after}`);
    for (const { id } of (await response.json()) as { readonly id: string }[]) seen.add(id);
    after = response.headers.get('x-next-seq');
  }
  const verify = await fetch(`${url}/api/verify`);
  const { ok, lost } = (await verify.json()) as { readonly ok: boolean; readonly lost: readonly number[] };
  return [
    ...ledger.filter((id) => !seen.has(id)),
    ...lost.map((seq) => `seq ${String(seq)} in the mirror`),
    ...(ok || lost.length > 0 ? [] : ['verify is not ok']),
  ];
};

const startAndEnd = async (mesh: Mesh, round: number, ledger: string[]): Promise<string> => {
  const [kind, end] = Object.entries(ENDS)[round % Object.keys(ENDS).length] ?? ['', () => undefined];
  const daemon = await mesh.up();
  ledger.push(await append(daemon.info.url, `start ${String(round)}`));
  await end(mesh, daemon);
  const ended = await daemon.ended;
  if (!kind.startsWith('kill') && ended.code !== 0)
    throw new Error(`${kind} ended with ${String(ended.code ?? ended.signal)}: ${daemon.stderr()}`);
  await mesh.empty();
  return kind;
};

/** Two starts at once in even rounds, one after the other in odd ones. Returns how many were refused. */
const doubleStart = async (mesh: Mesh, round: number, ledger: string[]): Promise<number> => {
  const first = mesh.run(['start']);
  if (round % 2 === 1) await mesh.ready(first);
  const second = mesh.run(['start']);
  const loser = await Promise.race([first, second].map((run) => run.ended.then(() => run)));
  const winner = loser === first ? second : first;
  const { code } = await loser.ended;
  const info = await mesh.ready(winner);
  ledger.push(await append(info.url, `double start ${String(round)}`));
  const workers = await until('one supervisor and one worker', () =>
    mesh.processes().length === 2 ? mesh.processes() : null,
  );
  if (!workers.includes(info.worker_pid)) throw new Error('another worker than the one that is written down');
  winner.child.kill('SIGTERM');
  await winner.ended;
  await mesh.empty();
  return code === 21 ? 1 : 0;
};

const openFilesHere = (): number => readdirSync('/proc/self/fd').length;

/** Runs the numbers on one data folder; `say` gets a line now and then. */
export const exerciseProcesses = async (
  numbers: { readonly starts: number; readonly doubleStarts: number },
  say: (line: string) => void,
): Promise<ProcessCounts> => {
  await using mesh = new Mesh();
  const ledger: string[] = [];
  // What this process opens once and for all (its own fetch, say) is opened before it counts.
  await startAndEnd(mesh, 0, ledger);
  const openFiles = openFilesHere();
  const ends: Record<string, number> = {};
  let refused = 0;
  for (let round = 0; round < numbers.starts; round += 1) {
    const kind = await startAndEnd(mesh, round, ledger);
    ends[kind] = (ends[kind] ?? 0) + 1;
    if (round % 50 === 49) say(`${String(round + 1)} of ${String(numbers.starts)} starts`);
  }
  for (let round = 0; round < numbers.doubleStarts; round += 1)
    refused += await doubleStart(mesh, round, ledger);
  const { child, info, ended } = await mesh.up();
  const lost = await missing(info.url, ledger);
  child.kill('SIGTERM');
  await ended;
  await mesh.empty();
  // Connections that this process kept alive to daemons that are gone are closed in its next turns.
  await until('as few open files as before', () => openFilesHere() <= openFiles).catch(() => undefined);
  return {
    starts: numbers.starts,
    ends,
    doubleStarts: numbers.doubleStarts,
    refused,
    acknowledged: ledger.length,
    lost,
    processesLeft: mesh.processes().length,
    openFilesGrown: openFilesHere() - openFiles,
  };
};
