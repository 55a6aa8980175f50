// The Claude Code adapter: the contract, against a program that prints its lines.
import { adapterContract } from '../adapter.testsuite.ts';
import { bench } from './claude.testbench.ts';

adapterContract('claude', () => Promise.resolve(bench.fixture()));
