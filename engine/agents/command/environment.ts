// What a command is told besides its prompt: the data of the step, in its environment.
import { failure, type Failure } from '#machines/nouns/error';
import { markedEnvironment, type Program } from '../../processes/program.ts';
import type { InvokeRequest } from '../adapter.ts';

/** Linux refuses a single environment string over 128 KiB (execve(2), MAX_ARG_STRLEN). */
const ENV_STRING_BYTES = 128 * 1024 - 1;

/** The environment of one run; a failure when its data is too large for an environment. */
export const runEnvironment = (program: Program, request: InvokeRequest): NodeJS.ProcessEnv | Failure => {
  const input = JSON.stringify(request.data);
  const bytes = Buffer.byteLength(`AGENTMESH_INPUT=${input}`);
  if (bytes > ENV_STRING_BYTES) {
    return {
      ...failure(
        'invalid_input',
        `The step’s data is ${String(bytes)} bytes; a command takes ${String(ENV_STRING_BYTES)}`,
      ),
    };
  }
  return { ...markedEnvironment(program, request), AGENTMESH_INPUT: input };
};
