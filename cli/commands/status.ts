// agentmesh status: whether the daemon answers, where, and what it is doing.
import { Command } from 'clipanion';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { addressOf } from '../connection/locate.ts';
import { healthLines } from '../render/health.ts';

export class StatusCommand extends MeshCommand {
  static override readonly paths = [['status']];
  static override readonly usage = Command.Usage({
    description: 'Whether the daemon answers, where its console is, what it is doing',
    details: 'Exits with 10 when no daemon answers, and with 1 when it answers that something is wrong.',
    examples: [
      ['Look', '$0 status'],
      ['In a script', '$0 status -o json'],
    ],
  });

  override async perform(): Promise<number> {
    const health = await this.client.call('healthz');
    const address = addressOf(this.choice, this.context.env);
    await this.printOne({ ...health, address, data_dir: this.folder }, () =>
      healthLines({ health, address, folder: this.folder }, this.terminal.style),
    );
    return health.status === 'ok' ? 0 : 1;
  }
}
