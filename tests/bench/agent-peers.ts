// What `bench:agents` calls: a counterpart of each make, the one of the adapter’s contract, in processes of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Target } from '#engine/agents/adapter';
import { startAgent, targetAt as a2aAt } from '#engine/agents/a2a/a2a.testserver';
import { targetOf as nanoclawAt } from '#engine/agents/nanoclaw/nanoclaw.testkit';
import { startGateway, targetAt as openclawAt } from '#engine/agents/openclaw/openclaw.testserver';

/** A counterpart that is ready to be called. */
export interface Peer {
  /** Which one, where a make has several. */
  readonly label: string | null;
  readonly target: Target;
  /** Calls at once before it is measured, so that each of its conversations is open. */
  readonly conversations: number;
  readonly close: () => Promise<void>;
}

const AGENTS = join(import.meta.dirname, '..', '..', 'engine', 'agents');
const TOKEN = 'the-gateway-token-0123456789';

const program = (kind: string, folder: string): Peer => ({
  label: null,
  conversations: 1,
  target: {
    name: kind,
    kind,
    entry: {
      name: kind,
      kind,
      cwd: folder,
      command: [process.execPath, join(AGENTS, kind, `${kind}.testagent.ts`), folder],
    },
    card: null,
    token: null,
  },
  close: () => Promise.resolve(),
});

const nanoclaw = async (folder: string, version: string, conversations: number): Promise<Peer> => {
  const dir = join(folder, `nanoclaw-${version}`);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'nanoclaw-host.ts'), dir, version], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    label: version,
    target: nanoclawAt(dir),
    conversations,
    async close() {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
};

/** How each kind is met; `folder` is theirs. */
export const PEERS: Readonly<Record<string, (folder: string) => Promise<Peer>[]>> = {
  a2a: (folder) => [
    startAgent(folder).then(({ url, close }) => ({
      label: null,
      target: a2aAt(url),
      conversations: 1,
      close: () => close(),
    })),
  ],
  command: (folder) => [Promise.resolve(program('command', folder))],
  acp: (folder) => [Promise.resolve(program('acp', folder))],
  claude: (folder) => [Promise.resolve(program('claude', folder))],
  codex: (folder) => [Promise.resolve(program('codex', folder))],
  openclaw: (folder) => [
    startGateway(folder, { token: TOKEN }).then(({ url, close }) => ({
      label: null,
      target: openclawAt(url, { token: TOKEN }),
      conversations: 1,
      close,
    })),
  ],
  nanoclaw: (folder) => [nanoclaw(folder, '2.0.64', 1), nanoclaw(folder, '2.4.0', 3)],
};
