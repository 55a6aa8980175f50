// The scribe agent as a program: prompt on stdin, data in AGENTMESH_INPUT.
import { runAsCommand } from '../harness/command-line.ts';
import { scribe } from './work.ts';

await runAsCommand(scribe, process.argv.slice(2));
