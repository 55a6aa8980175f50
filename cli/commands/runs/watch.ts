// agentmesh runs watch: follows a run that is already there.
import { Command, Option } from 'clipanion';
import { followTeam } from '../../command-line/follow-team.ts';
import { liveFollow } from '../../command-line/live-follow.ts';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { exitOfRun } from '../../command-line/outcome.ts';
import { findRun } from '../../connection/find-run.ts';
import { callLines } from '../../render/runs.ts';

export class RunsWatchCommand extends MeshCommand {
  static override readonly paths = [['runs', 'watch']];
  static override readonly usage = Command.Usage({
    description: 'Follow a run to its end; the exit code says how it ended',
    details: 'Shows what has happened so far, then goes on. Exit codes as those of run and team run.',
    examples: [['Wait for a run in a script', '$0 runs watch 0198c0de --quiet && echo done']],
  });

  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const { client, terminal, output, quiet } = this;
    const { stderr } = this.context;
    const found = await findRun(client, this.id);
    if (found.kind === 'team') return followTeam({ client, terminal, output, quiet, id: found.id, stderr });
    await liveFollow(client, terminal, stderr as NodeJS.WriteStream, {
      id: found.id,
      scope: { run_id: found.id },
      progress: output === 'text' && !quiet,
      cancel: () => client.call('invocations.cancel', { params: { run_id: found.id }, body: {} }),
      onEvent: async (_, event) => {
        if (output === 'jsonl') await terminal.line(JSON.stringify(event));
      },
    });
    const call = await client.call('invocations.get', { params: { run_id: found.id } });
    if (output !== 'jsonl')
      await this.printOne({ status: call.state, ...call }, () => callLines(call, terminal.style));
    return exitOfRun(call.state, call.error?.code ?? null);
  }
}
