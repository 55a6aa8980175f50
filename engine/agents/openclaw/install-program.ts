// Installing where no gateway runs: the agents of OpenClaw, each call a start of its program.
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { z } from 'zod';
import type { Ports } from '../../ports.ts';
import type { InstallReceipt, InstallSession, InstallStep } from '../adapter.ts';
import { invokeByCli } from './cli-run.ts';
import { Turns } from './cli-turns.ts';
import { openclaw, type Env, type Located } from './locate.ts';

const KIND = 'openclaw';
/** A cold OpenClaw takes a quarter of a minute for its first word. */
const TEST_MS = 120_000;

/** What `openclaw agents list --json` prints, as far as it is read. */
const ListSchema = z.array(z.looseObject({ id: z.string().min(1) })).min(1);

export interface ProgramInstall {
  readonly steps: readonly InstallStep[];
  readonly located: Located;
  readonly previous: InstallReceipt | null;
  readonly wantsTest: boolean;
}

const failed = (message: string): MeshError =>
  new MeshError('install_failed', message, {
    remedy: 'See what is wrong: openclaw doctor; then run this again.',
  });

const idsOf = async ({ program }: Located, env: Env): Promise<string[]> => {
  try {
    const printed = await openclaw(program, ['agents', 'list', '--json'], env);
    return ListSchema.parse(JSON.parse(printed)).map(({ id }) => id);
  } catch (error) {
    throw failed(`OpenClaw does not list its agents: ${String(error)}`);
  }
};

const oneWord = async ({ clock, ids }: Pick<Ports, 'clock' | 'ids'>, entry: AgentEntry): Promise<string> => {
  const key = ids.uuidv7();
  const outcome = await invokeByCli(
    { clock, turns: new Turns() },
    {
      target: { name: KIND, kind: KIND, entry, card: null, token: null },
      prompt: 'Answer with one word: ready',
      data: {},
      runId: key,
      key,
      deadline: clock.now() + TEST_MS,
      signal: AbortSignal.timeout(TEST_MS),
    },
    {
      handle: () => Promise.resolve(),
      event: () => Promise.resolve(),
      sent: () => undefined,
      approval: () => Promise.resolve({ decision: 'deny', reason: 'this is only a test', by: 'install' }),
    },
  );
  if (outcome.status === 'completed') return outcome.text ?? '';
  throw failed(`OpenClaw did not answer: ${outcome.error?.message ?? outcome.status}`);
};

/** Registers them. What the program needs of the caller’s shell goes along: the daemon’s may be of another day. */
export const installProgram = async (
  ports: Pick<Ports, 'clock' | 'ids'>,
  { steps, located, previous, wantsTest }: ProgramInstall,
  { env, keep, note }: InstallSession,
): Promise<InstallReceipt> => {
  const { program, dir, configFile } = located;
  const receiptWith = (agents: readonly AgentEntry[]): InstallReceipt => ({
    kind: KIND,
    dir,
    steps: previous?.steps ?? steps,
    agents,
    details: { url: null, peer: null },
  });
  await keep(receiptWith(previous?.agents ?? []));
  const ids = await idsOf(located, env);
  note(
    `OpenClaw has ${ids.length === 1 ? 'the agent' : 'the agents'} ${ids.join(', ')}; no gateway runs, so its program is used`,
  );
  const agents: AgentEntry[] = ids.map((id) => ({
    kind: KIND,
    name: id === 'main' ? 'openclaw' : `openclaw-${id}`,
    command: [program],
    env: {
      ...(env['PATH'] === undefined ? {} : { PATH: env['PATH'] }),
      OPENCLAW_STATE_DIR: dir,
      OPENCLAW_CONFIG_PATH: configFile,
    },
    settings: { agent: id },
  }));
  const [first] = agents;
  if (wantsTest && first !== undefined)
    note(`${ids[0] ?? 'main'} answered: ${(await oneWord(ports, first)).slice(0, 200)}`);
  return receiptWith(agents);
};
