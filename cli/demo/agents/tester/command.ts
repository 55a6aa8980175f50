// The tester agent as a program: prompt on stdin, data in AGENTMESH_INPUT.
import { runAsCommand } from '../harness/command-line.ts';
import { tester } from './work.ts';

await runAsCommand(tester, process.argv.slice(2));
