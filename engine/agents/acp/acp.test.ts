// The ACP adapter: the contract, against a program that speaks the protocol, kept for the next run and ended with each.
import { adapterContract } from '../adapter.testsuite.ts';
import { bench } from './acp.testbench.ts';

const broken = [
  {
    name: 'another version',
    target: bench.targetOf({ env: { ACP_MODE: 'old' } }),
    code: 'invalid_agent_response',
  },
];

const open =
  (more: Parameters<typeof bench.targetOf>[0]) => (): Promise<ReturnType<typeof bench.fixture>> => {
    const fixture = bench.fixture(broken);
    return Promise.resolve({ ...fixture, target: bench.targetOf({ cwd: bench.folder, ...more }) });
  };

adapterContract('acp', open({ env: { ACP_MODE: 'closes' } }), 'kept');
adapterContract('acp', open({ settings: { idle_seconds: 0 } }), 'a process a run');
