// agentmesh mcp: the mesh as an MCP server on standard input and output, for agents that start their tools themselves.
import { Command } from 'clipanion';
import { MeshCommand } from '../command-line/mesh-command.ts';

export class McpCommand extends MeshCommand {
  static override readonly paths = [['mcp']];
  static override readonly usage = Command.Usage({
    description: 'Offer the mesh to an agent as MCP tools, over standard input and output',
    details: `
      Meant to be started by an agent (Claude Code, Codex, OpenClaw, OpenCode …), not by hand: it speaks MCP on standard
      input and output until its input ends, as in \`claude mcp add agentmesh -- agentmesh mcp\` or
      \`codex mcp add agentmesh -- agentmesh mcp\`. The tools: mesh_list_agents,
      mesh_list_teams, mesh_run, mesh_start_team, mesh_status, mesh_trace, mesh_cancel.

      What an agent starts while the mesh has it at work carries the chain of runs behind it: AGENTMESH_RUN_ID is set for
      agents that the mesh starts itself. Agents that speak MCP over HTTP find the same tools at /mcp of the daemon
      (\`agentmesh status\` prints its address).
    `,
    examples: [['What the agent starts', '$0 mcp']],
  });

  override async perform(): Promise<number> {
    // The SDK and its schemas are a server: help and every other command do without.
    const { serveMesh } = await import('../mcp/serve.ts');
    await serveMesh(this.client, {
      runId: process.env['AGENTMESH_RUN_ID'] ?? null,
      onError: (error) => this.context.stderr.write(`${error.message}\n`),
    });
    return 0;
  }
}
