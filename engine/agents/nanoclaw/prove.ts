// The proof of an install: one real word to an agent group, and its answer.
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import type { Ports } from '../../ports.ts';
import type { InstallSession, Target } from '../adapter.ts';
import { invoke } from './run.ts';

/** A container that starts for the first time takes its time. */
const TEST_MS = 120_000;
const TEST_PROMPT = 'This is a test of the connection. Answer with the one word: ready';

/** Asks an agent group one word. Throws MeshError install_failed when it does not answer in two minutes. */
export const proveByAWord = async (
  { clock, ids }: Pick<Ports, 'clock' | 'ids'>,
  entry: AgentEntry,
  session: InstallSession,
): Promise<void> => {
  const target: Target = { name: 'nanoclaw', kind: 'nanoclaw', entry, card: null, token: null };
  const group = String(entry.settings?.['agent']);
  const time = new AbortController();
  const forget = clock.after(TEST_MS, () => {
    time.abort();
  });
  const request = {
    target,
    prompt: TEST_PROMPT,
    data: {},
    runId: ids.uuidv7(),
    key: `test-${ids.uuidv7()}`,
    deadline: clock.now() + TEST_MS,
    signal: time.signal,
  };
  try {
    const outcome = await invoke({ clock, closing: AbortSignal.abort() }, request, {
      handle: () => Promise.resolve(),
      event: () => Promise.resolve(),
      sent: () => undefined,
      approval: () => Promise.resolve({ decision: 'withdrawn' }),
    });
    if (outcome.status === 'completed') {
      session.note(`the agent group ${group} answered: ${(outcome.text ?? 'a file').slice(0, 80)}`);
      return;
    }
    const why = outcome.error?.message ?? 'nothing came in two minutes';
    throw new MeshError(
      'install_failed',
      `All is wired, but the agent group ${group} did not answer: ${why}`,
      {
        remedy: 'See that its containers start (`docker info`, logs/nanoclaw.error.log), then try again.',
      },
    );
  } finally {
    forget();
  }
};
