// The contract of approvals holds for the smallest adapter that has them: the suite itself is right.
import { after, before, describe } from 'node:test';
import { type AskingAgent, askingAgent, createAskingAdapter } from './asking.testadapter.ts';
import { approvalContract } from './approval.testsuite.ts';

describe('the agent that asks', () => {
  let agent: AskingAgent;
  before(async () => {
    agent = await askingAgent();
  });
  after(() => agent.close());
  approvalContract(() => ({
    adapter: createAskingAdapter(),
    module: new URL('./asking.testadapter.ts', import.meta.url).href,
    factory: 'createAskingAdapter',
    target: agent.target,
  }));
});
