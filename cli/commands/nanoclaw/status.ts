// agentmesh nanoclaw status: what is there of NanoClaw, and what install did.
import { Command } from 'clipanion';
import { InstallStatusCommand } from '../../command-line/installing.ts';
import { NANOCLAW } from '../../command-line/programs.ts';

export class NanoclawStatusCommand extends InstallStatusCommand {
  static override readonly paths = [['nanoclaw', 'status']];
  static override readonly usage = Command.Usage({
    description: 'NanoClaw on this machine: version, agent groups, what install did',
    details: 'Exits with 20 when NanoClaw is not installed in the mesh.',
    examples: [['Look', '$0 nanoclaw status']],
  });

  protected override readonly program = NANOCLAW;
}
