// agentmesh mcp: the mesh as an MCP server on standard input and output, for agents that start their tools themselves.
import { Command } from 'clipanion';
import { MESH_TOOLS } from '#api/contract/mesh-tools';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { serveMesh } from '../mcp/serve.ts';

export class McpCommand extends MeshCommand {
  static override readonly paths = [['mcp']];
  static override readonly usage = Command.Usage({
    description: 'Offer the mesh to an agent as MCP tools, over standard input and output',
    details: `
      Meant to be started by an agent (Claude Code, Codex, OpenClaw, OpenCode …), not by hand: it speaks MCP on standard
      input and output until its input ends, as in \`claude mcp add agentmesh -- agentmesh mcp\` or
      \`codex mcp add agentmesh -- agentmesh mcp\`. The tools: ${MESH_TOOLS.map(({ name }) => name).join(', ')}.

      What an agent starts while the mesh has it at work carries the chain of runs behind it: AGENTMESH_RUN_ID is set for
      agents that the mesh starts itself. Agents that speak MCP over HTTP find the same tools at /mcp of the daemon
      (\`agentmesh status\` prints its address).
    `,
    examples: [['What the agent starts', '$0 mcp']],
  });

  override async perform(): Promise<number> {
    await serveMesh(this.client, {
      runId: process.env['AGENTMESH_RUN_ID'] ?? null,
      onError: (error) => this.context.stderr.write(`${error.message}\n`),
    });
    return 0;
  }
}
