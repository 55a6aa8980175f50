// agentmesh openclaw status: what is there of OpenClaw, and what install did.
import { Command } from 'clipanion';
import { InstallStatusCommand } from '../../command-line/installing.ts';
import { OPENCLAW } from '../../command-line/programs.ts';

export class OpenclawStatusCommand extends InstallStatusCommand {
  static override readonly paths = [['openclaw', 'status']];
  static override readonly usage = Command.Usage({
    description: 'OpenClaw on this machine: version, gateway, what install did',
    details: 'Exits with 20 when OpenClaw is not installed in the mesh.',
    examples: [['Look', '$0 openclaw status']],
  });

  protected override readonly program = OPENCLAW;
}
