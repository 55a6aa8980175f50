// The ACP adapter: the contract, against a program that speaks the protocol.
import { adapterContract } from '../adapter.testsuite.ts';
import { bench } from './acp.testbench.ts';

adapterContract('acp', () =>
  Promise.resolve(
    bench.fixture([
      {
        name: 'another version',
        target: bench.targetOf({ env: { ACP_MODE: 'old' } }),
        code: 'invalid_agent_response',
      },
    ]),
  ),
);
