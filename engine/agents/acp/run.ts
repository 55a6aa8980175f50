// One run at an ACP agent.
import { resolve } from 'node:path';
import type { Clock } from '../../ports.ts';
import { converse } from '../../processes/conversation.ts';
import { findProgram } from '../../processes/program.ts';
import { inWorkFolder } from '../../processes/work-folder.ts';
import type { InvokeRequest, Outcome, Sink } from '../adapter.ts';
import { argvOf } from './launch.ts';
import { acpManner } from './session.ts';

/** Runs a request at the program of its entry. A program that is not there is a failed outcome. */
export const invoke = (clock: Clock, request: InvokeRequest, sink: Sink): Promise<Outcome> =>
  inWorkFolder(request, sink, async (entry) => {
    const program = findProgram({ ...entry, command: argvOf(entry) });
    if (!('file' in program)) return { status: 'failed', artifacts: [], error: program };
    return converse(clock, program, request, sink, acpManner(resolve(program.cwd)));
  });
