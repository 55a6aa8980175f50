// agentmesh runs cancel (also `cancel`): asks a team run or a call to stop.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { findRun } from '../../connection/find-run.ts';
import { paintState } from '../../render/style.ts';

export class RunsCancelCommand extends MeshCommand {
  static override readonly paths = [['runs', 'cancel']];
  static override readonly usage = Command.Usage({
    description: 'Cancel a team run or a call',
    details: `
      Asks the agents at work to stop and ends the run when they have, or after ten seconds without their word; the run
      then says that the cancel was not confirmed. Asking again is harmless.
    `,
    examples: [['Cancel, and say why', '$0 runs cancel 0198c0de --reason "wrong repository"']],
  });

  reason = Option.String('--reason', { description: 'Why; it is recorded' });
  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const found = await findRun(this.client, this.id);
    const body = this.reason === undefined ? {} : { reason: this.reason };
    const { style } = this.terminal;
    if (found.kind === 'team') {
      const run = await this.client.call('team-runs.cancel', { params: { team_run_id: found.id }, body });
      await this.printOne(run, () => `${run.team} ${paintState(style, run.status)} ${run.team_run_id}`);
    } else {
      const call = await this.client.call('invocations.cancel', { params: { run_id: found.id }, body });
      await this.printOne(call, () => `${call.agent} ${paintState(style, call.state)} ${call.run_id}`);
    }
    return 0;
  }
}
