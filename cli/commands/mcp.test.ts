// The help of `agentmesh mcp` names the tools that there are; it is written there, because the tools bring a server along.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MESH_TOOLS } from '#api/contract/mesh-tools';
import { McpCommand } from './mcp.ts';

void test('the help of agentmesh mcp names every tool, and no other', () => {
  const named = McpCommand.usage.details?.match(/\bmesh_\w+/g);
  assert.deepEqual(
    named,
    MESH_TOOLS.map(({ name }) => name),
  );
});
