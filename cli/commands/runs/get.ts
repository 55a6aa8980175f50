// agentmesh runs get: one team run or call, with its steps and why it failed.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { findRun } from '../../connection/find-run.ts';
import { callLines, teamRunLines } from '../../render/runs.ts';

export class RunsGetCommand extends MeshCommand {
  static override readonly paths = [['runs', 'get']];
  static override readonly usage = Command.Usage({
    description: 'One run: its steps and attempts, and for a failure where, why and what next',
    details:
      'Takes the id of a team run or of a call, or its first or last six or more characters when only one has them.',
    examples: [
      ['A run', '$0 runs get 0198c0de'],
      ['Only its status', '$0 runs get 0198c0de -o json | jq -r .status'],
    ],
  });

  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const found = await findRun(this.client, this.id);
    const { width, style } = this.terminal;
    if (found.kind === 'team') await this.printOne(found.run, () => teamRunLines(found.run, width, style));
    else await this.printOne({ status: found.call.state, ...found.call }, () => callLines(found.call, style));
    return 0;
  }
}
