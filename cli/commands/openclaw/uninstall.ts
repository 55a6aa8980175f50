// agentmesh openclaw uninstall: OpenClaw and the mesh know nothing of each other any more.
import { Command } from 'clipanion';
import { UninstallCommand } from '../../command-line/installing.ts';
import { OPENCLAW } from '../../command-line/programs.ts';

export class OpenclawUninstallCommand extends UninstallCommand {
  static override readonly paths = [['openclaw', 'uninstall']];
  static override readonly usage = Command.Usage({
    description: 'Take back what install did to OpenClaw and forget its agents',
    details: `
      Removes our device from the gateway, our key and token, and the peer of \`--a2a\`; the configuration is then byte
      for byte what it was before. When somebody changed it since, only our own entry is taken out, and that is said.
    `,
    examples: [['Take it back', '$0 openclaw uninstall']],
  });

  protected override readonly program = OPENCLAW;
}
