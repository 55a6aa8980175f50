// agentmesh cancel: the same as `runs cancel`, near at hand.
import { Command } from 'clipanion';
import { RunsCancelCommand } from './runs/cancel.ts';

export class CancelCommand extends RunsCancelCommand {
  static override readonly paths = [['cancel']];
  static override readonly usage = Command.Usage({
    description: 'Cancel a run or a team run (the same as runs cancel)',
    details:
      'Asks the agents at work to stop; the run ends when they have, or after ten seconds without their word.',
    examples: [['Cancel', '$0 cancel 0198c0de']],
  });
}
