// agentmesh agents alias: another name for an agent.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { agentPage } from '../../render/agents.ts';

export class AgentsAliasCommand extends MeshCommand {
  static override readonly paths = [['agents', 'alias']];
  static override readonly usage = Command.Usage({
    description: 'Give an agent another name, or take it away',
    details: `
      An alias stands wherever the name could: \`run --to\`, \`--from\`, \`agents get\`, and the roles of a team. It is nobody
      else's name or alias, and it stays when the agent is renamed.
    `,
    examples: [
      ['A short name', '$0 agents alias calc@192.168.1.7:9001 calc2'],
      ['Take it away', '$0 agents alias calc2 calc2 --remove'],
    ],
  });

  isRemoved = Option.Boolean('--remove', false, { description: 'Take the alias away' });
  name = Option.String({ name: 'NAME' });
  alias = Option.String({ name: 'ALIAS' });

  override async perform(): Promise<number> {
    const { name, alias } = this;
    const agent = this.isRemoved
      ? await this.client.call('agents.unalias', { params: { name, alias } })
      : await this.client.call('agents.alias', { params: { name }, body: { alias } });
    await this.printOne(agent, () => agentPage(agent, this.terminal.style));
    return 0;
  }
}
