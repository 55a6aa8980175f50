// The Codex adapter: the contract, against a program that prints its lines.
import { adapterContract } from '../adapter.testsuite.ts';
import { bench } from './codex.testbench.ts';

adapterContract('codex', () => Promise.resolve(bench.fixture()));
