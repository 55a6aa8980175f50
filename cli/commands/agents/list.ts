// agentmesh agents: who is on the mesh.
import { Command } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { agentLines } from '../../render/agents.ts';

export class AgentsListCommand extends MeshCommand {
  static override readonly paths = [['agents', 'list']];
  static override readonly usage = Command.Usage({
    description: 'Agents on the mesh: name, presence, skills, latency',
    details: 'Shows what the daemon knows now; `agentmesh discover` looks again and probes each.',
    examples: [
      ['All agents', '$0 agents'],
      ['Names only', '$0 agents -o jsonl | jq -r .name'],
    ],
  });

  override async perform(): Promise<number> {
    const agents = await this.client.call('agents.list');
    const { width, style } = this.terminal;
    await this.printList(agents, () => (agents.length === 0 ? [] : agentLines(agents, width, style)));
    if (agents.length === 0)
      this.terminal.note('no agent is known; try agentmesh discover, or agentmesh agents add URL');
    return 0;
  }
}
