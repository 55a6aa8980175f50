// agentmesh agents remove: the mesh forgets an agent.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';

export class AgentsRemoveCommand extends MeshCommand {
  static override readonly paths = [['agents', 'remove']];
  static override readonly usage = Command.Usage({
    description: 'Forget an agent; what it did stays in the log',
    details: 'An agent that bootstrap.json names comes back with the next discovery; remove it there too.',
    examples: [['Forget one', '$0 agents remove calc']],
  });

  name = Option.String({ name: 'NAME' });

  override async perform(): Promise<number> {
    await this.client.call('agents.remove', { params: { name: this.name } });
    await this.printOne({ removed: this.name }, () => `removed ${this.name}`);
    return 0;
  }
}
