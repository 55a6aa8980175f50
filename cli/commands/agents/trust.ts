// agentmesh agents trust: a person says yes to who an agent is.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { agentPage, trustLines } from '../../render/agents.ts';

export class AgentsTrustCommand extends MeshCommand {
  static override readonly paths = [['agents', 'trust']];
  static override readonly usage = Command.Usage({
    description: 'Trust an agent that was found, or accept that it has changed',
    details: `
      An agent that was found on the network is listed, and gets no work before you trust it. An agent that is no longer
      who it was when you trusted it gets no work either: its name, its interfaces, how it wants to be authenticated, or
      the key of its card's signature are not the same. This command shows what changed and accepts what was shown;
      \`agentmesh agents get NAME\` only shows it. An agent whose card carries a wrong signature cannot be trusted.

      Trust is given over the local socket only.
    `,
    examples: [['Trust one', '$0 agents trust calc']],
  });

  name = Option.String({ name: 'NAME' });

  override async perform(): Promise<number> {
    const params = { name: this.name };
    const before = await this.client.call('agents.get', { params });
    const body = before.identity === null ? {} : { identity: before.identity };
    const agent = await this.client.call('agents.trust', { params, body });
    await this.printOne(agent, () => [
      ...trustLines(before, this.terminal.style),
      ...agentPage(agent, this.terminal.style),
    ]);
    return 0;
  }
}
