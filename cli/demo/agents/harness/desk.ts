// The desk at which work is done: turns what the work says into reports, whoever listens.
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { Desk } from './work.ts';

/** Where reports go: an A2A stream, or the lines of a program. */
export interface Listener {
  status(text: string): void;
  reasoning(text: string): void;
  tool(payload: Readonly<Record<string, unknown>>): void;
}

export interface DeskConfig {
  readonly signal: AbortSignal;
  readonly scratch: string;
  /** Each phase takes at least this long. */
  readonly delayMs: number;
  readonly effect: (name: string) => void;
  readonly checkpoint: (value: unknown) => void;
}

export const makeDesk = (config: DeskConfig, listener: Listener): Desk => {
  const { signal } = config;
  return {
    signal,
    scratch: config.scratch,
    phase: async (text) => {
      signal.throwIfAborted();
      listener.status(text);
      if (config.delayMs > 0) await sleep(config.delayMs, undefined, { signal });
    },
    think: (text) => listener.reasoning(text),
    tool: async (name, input, call, shown) => {
      signal.throwIfAborted();
      const callId = randomUUID();
      listener.tool({ name, phase: 'start', call_id: callId, input });
      try {
        const result = await call();
        const output = shown === undefined ? result : shown(result);
        listener.tool({ name, phase: 'end', call_id: callId, output });
        return result;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        listener.tool({ name, phase: 'end', call_id: callId, error: message });
        throw error;
      }
    },
    effect: config.effect,
    checkpoint: config.checkpoint,
  };
};
