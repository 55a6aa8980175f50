// Starts a program behind a gate: it has its pid at once, but nothing of it runs before `open`.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { failure, type Failure } from '#machines/nouns/error';
import { processStart } from './process-group.ts';
import type { Program } from './program.ts';

/**
 * The shell waits for one line and then becomes the program (exec keeps pid and start time; POSIX `read` takes no byte
 * beyond the newline). When the daemon dies first, the line never comes and nothing runs.
 */
const GATE = 'IFS= read -r go && [ "$go" = go ] || exit 125; unset go; exec "$@"';

/** A program that waits at its gate, in a process group of its own. */
export interface Gated {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  readonly started: string;
  /** Lets it begin. `input` is its whole stdin; without one, stdin stays open for a conversation. */
  open(input?: string): void;
}

/** Starts the gate; a failure when the system refuses. Never throws. */
export const startGated = async (program: Program, env: NodeJS.ProcessEnv): Promise<Gated | Failure> => {
  try {
    const child = spawn('/bin/sh', ['-c', GATE, 'agentmesh-gate', program.file, ...program.args], {
      cwd: program.cwd,
      env,
      detached: true,
      stdio: 'pipe',
    });
    // A program may end or close its stdin without reading it; that is its right.
    child.stdin.on('error', () => undefined);
    await once(child, 'spawn');
    const { pid } = child;
    const started = pid === undefined ? null : processStart(pid);
    if (pid === undefined || started === null) {
      return failure('agent_unreachable', `The program ${program.file} could not be started`);
    }
    return {
      child,
      pid,
      started,
      open(input) {
        child.stdin.write('go\n');
        if (input !== undefined) child.stdin.end(input);
      },
    };
  } catch (error) {
    return failure('agent_unreachable', `The program ${program.file} could not be started`, String(error));
  }
};
