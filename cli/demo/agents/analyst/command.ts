// The analyst agent as a program: prompt on stdin, data in AGENTMESH_INPUT.
import { runAsCommand } from '../harness/command-line.ts';
import { analyst } from './work.ts';

await runAsCommand(analyst, process.argv.slice(2));
