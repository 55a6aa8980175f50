// Runs one invocation in a process of its own, so that a test can kill it as `kill -9` kills a daemon.
// argv: module, factory, request (JSON), and `hold` when the handle must never become durable.
import { testPorts } from './adapter.testports.ts';
import type { AgentAdapter, InvokeRequest } from './adapter.ts';

const [modulePath = '', factory = '', request = '', hold] = process.argv.slice(2);
const loaded = (await import(modulePath)) as Record<string, (ports: typeof testPorts) => AgentAdapter>;
const make = loaded[factory];
if (make === undefined) throw new Error(`${modulePath} has no ${factory}`);

const say = (word: string, value: unknown): void => {
  process.stdout.write(`${JSON.stringify({ word, value })}\n`);
};

const outcome = await make(testPorts).invoke(
  { ...(JSON.parse(request) as InvokeRequest), signal: new AbortController().signal },
  {
    async handle(native) {
      say('handle', native);
      if (hold === 'hold') await new Promise(() => setInterval(() => undefined, 1_000));
    },
    event(event) {
      say('event', event);
      return Promise.resolve();
    },
    sent() {
      say('sent', null);
    },
    approval(ask) {
      say('approval', ask);
      return new Promise(() => undefined);
    },
  },
);
say('outcome', outcome);
