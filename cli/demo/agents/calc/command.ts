// The calc agent as a program: prompt on stdin, data in AGENTMESH_INPUT.
import { runAsCommand } from '../harness/command-line.ts';
import { calc } from './work.ts';

await runAsCommand(calc, process.argv.slice(2));
