// The fixer agent as a program: prompt on stdin, data in AGENTMESH_INPUT.
import { runAsCommand } from '../harness/command-line.ts';
import { fixer } from './work.ts';

await runAsCommand(fixer, process.argv.slice(2));
