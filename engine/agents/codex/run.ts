// One run of Codex.
import type { Clock } from '../../ports.ts';
import { converse } from '../../processes/conversation.ts';
import { findProgram } from '../../processes/program.ts';
import { inWorkFolder } from '../../processes/work-folder.ts';
import type { InvokeRequest, Outcome, Sink } from '../adapter.ts';
import { optionsOf } from './settings.ts';
import { codexManner } from './turn.ts';

/** Runs a request at the program of its entry. A missing program is a failed outcome. */
export const invoke = async (clock: Clock, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { entry } = request.target;
  const options = optionsOf(entry.settings);
  // The folder need not be a git repository. `-`: the prompt comes on stdin, where it may be long and begin with a dash.
  const args = ['exec', '--json', '--skip-git-repo-check', '--color=never', ...options, '-'];
  return inWorkFolder(request, sink, async ({ command = [], ...place }) => {
    const program = findProgram({ ...place, command: [...command, ...args] });
    if (!('file' in program)) return { status: 'failed', artifacts: [], error: program };
    return converse(clock, program, request, sink, codexManner);
  });
};
