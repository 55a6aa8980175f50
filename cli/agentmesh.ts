// The entry of `agentmesh`: one command line, one exit code.
import { dispatch } from './command-line/dispatch.ts';

const { stdin, stdout, stderr, env } = process;
process.exitCode = await dispatch(process.argv.slice(2), { stdin, stdout, stderr, env });
