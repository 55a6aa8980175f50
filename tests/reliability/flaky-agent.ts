// An A2A agent for tests that fails the first execution of some steps, the same ones each time: node flaky-agent.ts --port 0 --ledger DIR
import { createHash } from 'node:crypto';
import { serve } from '../../cli/demo/agents/harness/serve.ts';
import { type Agent, WorkFault } from '../../cli/demo/agents/harness/work.ts';

/** Whether the agent refuses this execution, retryably: a quarter of the first ones, told by the key alone. */
export const refuses = (key: string): boolean =>
  key.endsWith('/1') && (createHash('sha256').update(key).digest()[0] ?? 0) < 64;

const flaky: Agent = {
  name: 'worker',
  description: 'Answers with the key that it was asked under; sometimes only the second time',
  skills: [{ id: 'work', name: 'Work', description: 'Any work', tags: ['test'], examples: ['anything'] }],
  work: async ({ key, prompt }, desk) => {
    desk.think(`The task has ${prompt.length} characters`);
    await desk.phase('working');
    if (refuses(key)) throw new WorkFault('agent_failed', 'not the first time', { retryable: true });
    await desk.tool('note', { key }, async () => desk.effect('work'));
    return { text: `done under ${key}`, data: { key } };
  },
};

if (import.meta.main) await serve(flaky, process.argv.slice(2));
