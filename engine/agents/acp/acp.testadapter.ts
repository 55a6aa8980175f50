// The ACP adapter with real ports, for tests; a process of its own finds the folder of its book in the environment.
import type { AgentAdapter } from '../adapter.ts';
import { testPorts } from '../adapter.testports.ts';
import { createAcpAdapter } from './adapter.ts';

/** Names the data folder of adapters that are made by `createAcpOfTest`. */
export const DATA_VARIABLE = 'ACP_TEST_DATA';

/** The adapter of a process that a test starts. */
export const createAcpOfTest = (): AgentAdapter =>
  createAcpAdapter(testPorts, process.env[DATA_VARIABLE] ?? '');
