// agentmesh nanoclaw uninstall: NanoClaw and the mesh know nothing of each other any more.
import { Command } from 'clipanion';
import { UninstallCommand } from '../../command-line/installing.ts';
import { NANOCLAW } from '../../command-line/programs.ts';

export class NanoclawUninstallCommand extends UninstallCommand {
  static override readonly paths = [['nanoclaw', 'uninstall']];
  static override readonly usage = Command.Usage({
    description: 'Take back what install did to NanoClaw and forget its agents',
    details: `
      Takes away the agent’s way to answer, the wiring and the messaging group that install made, by NanoClaw’s admin
      socket; what was there before stays. NanoClaw keeps the sessions of tasks that were done, and with them their
      messaging group: that is said, and nothing is wired to it any more.
    `,
    examples: [['Take it back', '$0 nanoclaw uninstall']],
  });

  protected override readonly program = NANOCLAW;
}
