// What the contract of adapters is told with: the fixture that a folder brings, a slow sink, a client that can be killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type {
  AdapterEvent,
  AgentAdapter,
  ApprovalAnswer,
  ApprovalAsk,
  InstallOptions,
  InvokeRequest,
  NativeHandle,
  Sink,
  Target,
} from './adapter.ts';

export interface AdapterFixture {
  readonly adapter: AgentAdapter;
  /** Where the adapter is made, for a process of its own: URL of the module and name of its factory. */
  readonly module: string;
  readonly factory: string;
  readonly target: Target;
  /** An agent that is not there (any more). */
  readonly gone: Target;
  /** The agent with a credential that it refuses; null for kinds without credentials, which must be local. */
  readonly wrongCredential: Target | null;
  /** Agents whose front door is broken, with the code that the probe must report. */
  readonly broken: readonly { readonly name: string; readonly target: Target; readonly code: string }[];
  /** Whether this counterpart streams; kinds that can stream may meet agents that do not. */
  readonly streams: boolean;
  /** Whether the agent itself does the same key once only. */
  readonly dedupes: boolean;
  /** What its installation is asked for; absent for kinds that put nothing anywhere. */
  readonly installation?: InstallOptions;
  /** Whether it tells what it gives its tools; it does when absent. */
  readonly tellsToolInputs?: boolean;
  /** Whether this counterpart ends a run when it is asked; it does when absent and its kind can. */
  readonly cancels?: boolean;
  /** Whether this counterpart can be asked for a run by its key alone; it can when absent and its kind resumes. */
  readonly findsByKey?: boolean;
  /** How often the agent began to work on the key, from its own ledger. */
  effects(key: string): Promise<number>;
  /** Whether the agent works on the key now. */
  isWorking(key: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Waits until something holds; fails after `ms`. */
export const until = async (
  what: string,
  holds: () => Promise<boolean> | boolean,
  ms = 10_000,
): Promise<void> => {
  const end = Date.now() + ms;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `waited in vain for: ${what}`);
    await sleep(20);
  }
};

export interface Recorder extends Sink {
  readonly calls: string[];
  readonly events: AdapterEvent[];
  /** What the agent asked a person, each question once. */
  readonly asked: ApprovalAsk[];
  saved: NativeHandle | null;
}

/** Says what a person would; a promise that stays pending is a person who is not there. */
export type Person = (ask: ApprovalAsk) => Promise<ApprovalAnswer> | ApprovalAnswer;

/** Nobody is there: the question is open until it expires, the agent withdraws it, or the run is stopped. */
export const nobody: Person = () => new Promise<ApprovalAnswer>(() => undefined);

/** What ends a question without a person: its time, or that it is no longer asked. */
const endsByItself = (ask: ApprovalAsk, stopped: AbortSignal | null): Promise<ApprovalAnswer> =>
  new Promise((resolve) => {
    const withdraw = (): void => {
      clearTimeout(timer);
      resolve({ decision: 'withdrawn' });
    };
    const timer = setTimeout(
      () => {
        resolve({ decision: 'expired' });
      },
      ask.expiresAt === null ? 60_000 : Math.max(0, ask.expiresAt - Date.now()),
    );
    timer.unref();
    for (const signal of [ask.withdrawn, stopped]) {
      if (signal?.aborted === true) withdraw();
      signal?.addEventListener('abort', withdraw, { once: true });
    }
  });

/**
 * A sink that takes its time, so that an adapter which does not await is found out. `onApproval` is the person who is
 * asked; `stopped` is the signal of the request, which withdraws what is still asked, as the engine does.
 */
export const recorder = (
  onEvent: (event: AdapterEvent) => void = () => undefined,
  onApproval: Person = nobody,
  stopped: AbortSignal | null = null,
): Recorder => {
  const answers = new Map<string, Promise<ApprovalAnswer>>();
  let busy = false;
  const slowly = async (call: string, then: () => void): Promise<void> => {
    assert.equal(busy, false, 'sink calls must be awaited one after the other');
    busy = true;
    await sleep(1);
    busy = false;
    sink.calls.push(call);
    then();
  };
  const sink: Recorder = {
    calls: [],
    events: [],
    asked: [],
    saved: null,
    handle: (native) =>
      slowly('handle', () => {
        JSON.stringify(native);
        sink.saved = native;
      }),
    event: (event) =>
      slowly(event.kind, () => {
        sink.events.push(event);
        onEvent(event);
      }),
    sent() {
      sink.calls.push('sent');
    },
    // May be pending in parallel, so it does not stand in the row with the others.
    approval: async (ask) => {
      await sleep(1);
      const known = answers.get(ask.nativeId);
      if (known !== undefined) return known;
      JSON.stringify(ask.operation);
      sink.calls.push('approval');
      sink.asked.push(ask);
      const answer = Promise.race([Promise.resolve(onApproval(ask)), endsByItself(ask, stopped)]);
      answers.set(ask.nativeId, answer);
      return answer;
    },
  };
  return sink;
};

/** A request with a key of its own. */
export const request = (
  target: Target,
  prompt: string,
  more: Partial<InvokeRequest> = {},
): InvokeRequest => ({
  target,
  prompt,
  data: { step: 'one', key: 'k' },
  runId: randomUUID(),
  key: randomUUID(),
  deadline: Date.now() + 30_000,
  signal: new AbortController().signal,
  ...more,
});

/** Texts of the messages: the pieces, or the whole ones. */
export const texts = (events: readonly AdapterEvent[], isDelta: boolean): string[] =>
  events
    .filter((event) => event.kind === 'message' && (event.delta === true) === isDelta)
    .map((event) => (event.kind === 'message' ? event.payload.text : ''));

/** Runs a request in another process and kills that process (SIGKILL) as soon as it said `word`; answers what it said. */
export const dropAt = async (
  fixture: Pick<AdapterFixture, 'module' | 'factory'>,
  ask: InvokeRequest,
  word: 'handle' | 'event' | 'approval',
  hold: boolean,
): Promise<{ readonly handle: NativeHandle | null; readonly said: unknown }> => {
  const script = fileURLToPath(new URL('./adapter.testclient.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [script, fixture.module, fixture.factory, JSON.stringify(ask), hold ? 'hold' : 'go'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let handle: NativeHandle | null = null;
  let last: unknown = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { word: string; value: unknown };
    last = said.value;
    if (said.word === 'handle') handle = said.value as NativeHandle;
    if (said.word === word) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  return { handle, said: last };
};
