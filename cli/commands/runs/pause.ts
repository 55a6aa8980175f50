// agentmesh runs pause: a team run holds still.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { teamRunId } from '../../command-line/steering.ts';
import { paintState } from '../../render/style.ts';

export class RunsPauseCommand extends MeshCommand {
  static override readonly paths = [['runs', 'pause']];
  static override readonly usage = Command.Usage({
    description: 'Pause a team run',
    details: `
      Takes effect at once for what has not begun. An agent at work is let finish and its result is kept for resume;
      with \`--now\` it is stopped, and that step runs again on resume. Nothing is lost, nothing runs twice.
    `,
    examples: [
      ['Pause', '$0 runs pause 0198c0de'],
      ['Also stop the agent at work', '$0 runs pause 0198c0de --now'],
    ],
  });

  now = Option.Boolean('--now', false, { description: 'Also stop what is in flight' });
  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const id = await teamRunId(this.client, this.id, 'paused');
    const run = await this.client.call('team-runs.pause', {
      params: { team_run_id: id },
      body: { now: this.now },
    });
    await this.printOne(run, () => `${run.team} ${paintState(this.terminal.style, run.status)} ${id}`);
    this.terminal.note(`go on with: agentmesh runs resume ${id}`);
    return 0;
  }
}
