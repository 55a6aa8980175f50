// An agent for tests: starts the team that its prompt names with the tools of the mesh, and says what came of it.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { text } from 'node:stream/consumers';

const [, , bin = ''] = process.argv;
const dataDir = process.env['MESH_UNDER_FIRE'] ?? '';
const prompt = await text(process.stdin);
const client = new Client({ name: 'asker', version: '1' });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp'],
    env: {
      PATH: process.env['PATH'] ?? '',
      AGENTMESH_DATA_DIR: dataDir,
      AGENTMESH_RUN_ID: process.env['AGENTMESH_RUN_ID'] ?? '',
    },
  }),
);
const { content } = await client.callTool({ name: 'mesh_start_team', arguments: { team: prompt.trim() } });
await client.close();
process.stdout.write(content.map((part) => (part.type === 'text' ? part.text : '')).join('\n'));
