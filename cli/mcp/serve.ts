// The MCP server of `agentmesh mcp`: the tools of the contract over standard input and output, by the SDK.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Client } from '#api/contract/client';
import { MESH_TOOLS, useTool } from '#api/contract/mesh-tools';

export interface ServeOptions {
  /** The call of this mesh under which the agent works; null when it is not known. */
  readonly runId: string | null;
  readonly onError: (error: Error) => void;
}

/** The version of the mesh; the server comes up without a daemon too, and its tools say then what to do. */
const versionOf = async (client: Client): Promise<string> => {
  try {
    return (await client.call('healthz')).version;
  } catch {
    return 'unknown';
  }
};

/** Serves until standard input ends. */
export const serveMesh = async (client: Client, { runId, onError }: ServeOptions): Promise<void> => {
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('close', resolve);
  });
  const version = await versionOf(client);
  const handle = serveStdio(
    () => {
      const server = new McpServer({ name: 'agentmesh', version });
      for (const tool of MESH_TOOLS)
        server.registerTool(
          tool.name,
          {
            title: tool.title,
            description: tool.description,
            inputSchema: tool.input,
            annotations: { readOnlyHint: tool.isReadOnly, openWorldHint: !tool.isReadOnly },
          },
          (input, context) => useTool(tool, client, input, { runId }, context.mcpReq.signal),
        );
      return server;
    },
    { transport: new StdioServerTransport(), onerror: onError },
  );
  await ended;
  await handle.close();
};
