// agentmesh runs resume: a paused team run goes on.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { teamRunId } from '../../command-line/steering.ts';
import { paintState } from '../../render/style.ts';

export class RunsResumeCommand extends MeshCommand {
  static override readonly paths = [['runs', 'resume']];
  static override readonly usage = Command.Usage({
    description: 'Let a paused team run go on',
    details:
      'It goes on where it stood: with the result that came in meanwhile, or with the next attempt at once.',
    examples: [['Go on', '$0 runs resume 0198c0de']],
  });

  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const id = await teamRunId(this.client, this.id, 'resumed');
    const run = await this.client.call('team-runs.resume', { params: { team_run_id: id }, body: {} });
    await this.printOne(run, () => `${run.team} ${paintState(this.terminal.style, run.status)} ${id}`);
    this.terminal.note(`follow it with: agentmesh runs watch ${id}`);
    return 0;
  }
}
