// agentmesh agents get: all about one agent.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { agentPage } from '../../render/agents.ts';

export class AgentsGetCommand extends MeshCommand {
  static override readonly paths = [['agents', 'get']];
  static override readonly usage = Command.Usage({
    description: 'One agent by its exact name: skills, endpoint, how it was found',
    details: 'A name that is not known exits with 20 and the names that come close.',
    examples: [['One agent', '$0 agents get calc']],
  });

  name = Option.String({ name: 'NAME' });

  override async perform(): Promise<number> {
    const agent = await this.client.call('agents.get', { params: { name: this.name } });
    await this.printOne(agent, () => agentPage(agent, this.terminal.style));
    return 0;
  }
}
