// agentmesh down: no daemon is there afterwards.
import { Command } from 'clipanion';
import { MeshError } from '#machines/nouns/error-codes';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { agentmeshd } from '../connection/daemon-process.ts';
import { UsageProblem } from '../render/problem.ts';

export class DownCommand extends MeshCommand {
  static override readonly paths = [['down']];
  static override readonly usage = Command.Usage({
    description: 'Stop the daemon; work in hand is finished or kept for the next start',
    details: `
      Ends the daemon of the data folder the gentle way: it takes no new work, lets what is in hand finish for a few
      seconds and writes everything. Runs that have not ended go on when it starts again.
    `,
    examples: [['Stop the daemon', '$0 down']],
  });

  override async perform(): Promise<number> {
    if ((this.daemonUrl ?? this.host ?? this.port) !== undefined)
      throw new UsageProblem(
        'A daemon is stopped by its data folder, not by its address',
        'Give --data-dir.',
      );
    const { code, stdout, stderr } = await agentmeshd(['stop', '--data-dir', this.folder]);
    const said = `${stdout}${stderr}`.trim();
    if (code !== 0) throw new MeshError('internal', said === '' ? 'The daemon could not be stopped' : said);
    await this.printOne({ stopped: true, data_dir: this.folder }, () => (said === '' ? 'stopped' : said));
    return 0;
  }
}
