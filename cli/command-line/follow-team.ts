// Follows a team run in front of a person to its end, prints what became of it, answers the exit code.
import type { Client } from '#api/contract/client';
import { EXIT } from '#machines/nouns/error-codes';
import { teamRunLines } from '../render/runs.ts';
import type { Terminal } from '../render/terminal.ts';
import { liveFollow } from './live-follow.ts';
import type { Output } from './mesh-command.ts';
import { exitOfRun } from './outcome.ts';

export interface FollowTeamOptions {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly stderr: NodeJS.WritableStream;
  readonly id: string;
  readonly output: Output;
  readonly quiet: boolean;
}

/** For text: the steps on stderr as they happen, the page of the run on stdout at the end. */
export const followTeam = async (options: FollowTeamOptions): Promise<number> => {
  const { client, terminal, id, output } = options;
  const view = await liveFollow(client, terminal, options.stderr, {
    id,
    scope: { team_run_id: id },
    progress: output === 'text' && !options.quiet,
    cancel: () => client.call('team-runs.cancel', { params: { team_run_id: id }, body: {} }),
    onEvent: async (_, event) => {
      if (output === 'jsonl') await terminal.line(JSON.stringify(event));
    },
  });
  const run = await client.call('team-runs.get', { params: { team_run_id: id } });
  if (output === 'json') await terminal.line(JSON.stringify(run, null, 2));
  if (output === 'text') {
    terminal.note('');
    await terminal.line(teamRunLines(run, terminal.width, terminal.style).join('\n'));
    terminal.note(`\nall of it: agentmesh trace ${id}`);
  }
  const exit = exitOfRun(run.status, run.failure?.error.code ?? null);
  return exit === EXIT.failure && view.status === 'completed' ? EXIT.ok : exit;
};
