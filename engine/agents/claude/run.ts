// One run of Claude Code.
import type { Clock } from '../../ports.ts';
import { converse } from '../../processes/conversation.ts';
import { findProgram } from '../../processes/program.ts';
import { inWorkFolder } from '../../processes/work-folder.ts';
import type { InvokeRequest, Outcome, Sink } from '../adapter.ts';
import { flagsOf } from './settings.ts';
import { claudeManner } from './turn.ts';

/** Print mode with JSON lines in and out; questions about permissions come as lines, too. */
const MODE = [
  '--print',
  '--input-format=stream-json',
  '--output-format=stream-json',
  '--verbose',
  '--include-partial-messages',
  '--permission-prompt-tool=stdio',
];

/** Runs a request at the program of its entry. A missing program is a failed outcome. */
export const invoke = async (clock: Clock, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { entry } = request.target;
  const flags = flagsOf(entry.settings);
  return inWorkFolder(request, sink, async ({ command = [], ...place }) => {
    const program = findProgram({ ...place, command: [...command, ...MODE, ...flags] });
    if (!('file' in program)) return { status: 'failed', artifacts: [], error: program };
    return converse(clock, program, request, sink, claudeManner(program.cwd));
  });
};
