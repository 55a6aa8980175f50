// The MCP door of the daemon (streamable HTTP): the tools of the contract, by the SDK, through the daemon's own API.
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import type { Request, RequestHandler } from 'express';
import { createClient, type Client } from '../contract/client.ts';
import { MESH_TOOLS, useTool, type ToolUser } from '../contract/mesh-tools.ts';
import { readJsonBody } from '../guard/body.ts';

export interface McpDoor {
  readonly handle: RequestHandler;
  /** Breaks off what is open. Idempotent. */
  readonly close: () => void;
}

/** Says under which call of the mesh the asking agent works, where it was told so (AGENTMESH_RUN_ID). */
const RUN_HEADER = 'agentmesh-run-id';

const serverFor = (client: Client, version: string, user: ToolUser): McpServer => {
  const server = new McpServer(
    { name: 'agentmesh', version },
    {
      instructions:
        'Agents on several machines: ask one with mesh_run, start a team of them with mesh_start_team.',
    },
  );
  for (const tool of MESH_TOOLS)
    server.registerTool(
      tool.name,
      {
        title: tool.title,
        description: tool.description,
        inputSchema: tool.input,
        annotations: { readOnlyHint: tool.isReadOnly, openWorldHint: !tool.isReadOnly },
      },
      (input, context) => useTool(tool, client, input, user, context.mcpReq.signal),
    );
  return server;
};

/** The door of the daemon at `baseUrl`: a client of its API like any other, so that every guard holds for it too. */
export const createMcpDoor = (baseUrl: string, version: string, onError: (error: Error) => void): McpDoor => {
  const client = createClient({ baseUrl });
  const handler = createMcpHandler(
    ({ requestInfo }) => serverFor(client, version, { runId: requestInfo?.headers.get(RUN_HEADER) ?? null }),
    { onerror: onError },
  );
  const handle = toNodeHandler(handler);
  return {
    handle: async (request: Request, response) => {
      await handle(request, response, request.method === 'POST' ? await readJsonBody(request) : undefined);
    },
    close: () => {
      void handler.close();
    },
  };
};
