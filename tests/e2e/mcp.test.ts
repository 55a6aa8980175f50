// The mesh as tools for agents: the official client over both transports, an agent that the mesh itself has at work, loops.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { FILES } from '#machines/nouns/data-folder';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import { startTeam, teamRun } from './ended.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'cli', 'bin', 'agentmesh.js');
const ASKER = join(import.meta.dirname, 'mcp-asker.ts');

const team = (name: string, agent: string, prompt: string): string => `apiVersion: agentmesh/v1
kind: Team
name: ${name}
inputs: { sum: { type: string, default: "1+1" } }
roles: { clerk: { agent: ${agent} } }
steps:
  - { id: only, role: clerk, prompt: "${prompt}" }
`;

let mesh: MeshUnderFire;
let url: string;
before(async () => {
  mesh = await MeshUnderFire.open({
    agents: ['calc'],
    delayMs: 0,
    // A program that uses the tools of the mesh while the mesh has it at work.
    programs: { asker: [process.execPath, ASKER, BIN] },
  });
  const dir = join(mesh.dataDir, FILES.templates, 'sums');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'team.yaml'), team('sums', 'calc', '{{ inputs.sum }}'));
  mesh.start({ AGENTMESH_PORT: '0' });
  ({ url } = await mesh.ready());
  await mesh.client.call('discover', { body: { wait_ms: 20_000 } });
});
after(() => mesh[Symbol.asyncDispose]());

const TRANSPORTS = {
  stdio: () =>
    new StdioClientTransport({
      command: process.execPath,
      args: [BIN, 'mcp'],
      env: { PATH: process.env['PATH'] ?? '', HOME: mesh.dataDir, AGENTMESH_DATA_DIR: mesh.dataDir },
    }),
  'streamable HTTP': () => new StreamableHTTPClientTransport(new URL('/mcp', url)),
} as const;

for (const [name, transport] of Object.entries(TRANSPORTS))
  describe(`MCP over ${name}`, () => {
    const client = new Client({ name: 'test', version: '1' });
    before(async () => {
      await client.connect(transport());
    });
    after(() => client.close());

    const use = async (tool: string, input: Record<string, unknown> = {}): Promise<unknown> => {
      const { content, isError } = await client.callTool({ name: tool, arguments: input });
      const [first] = content;
      assert.ok(first?.type === 'text');
      assert.notEqual(isError, true, first.text);
      return JSON.parse(first.text);
    };

    it('offers the tools with their inputs', async () => {
      const { tools } = await client.listTools();
      assert.deepEqual(
        tools.map((tool) => tool.name),
        [
          'mesh_list_agents',
          'mesh_list_teams',
          'mesh_run',
          'mesh_start_team',
          'mesh_status',
          'mesh_trace',
          'mesh_cancel',
        ],
      );
      assert.deepEqual(tools[2]?.inputSchema.required, ['agent', 'prompt']);
    });

    it('lists agents and teams', async () => {
      const agents = (await use('mesh_list_agents', { skill: 'calculate' })) as { name: string }[];
      assert.deepEqual(
        agents.map((agent) => agent.name),
        ['calc'],
      );
      const teams = (await use('mesh_list_teams')) as { name: string }[];
      assert.ok(teams.some((each) => each.name === 'sums'));
    });

    it('asks an agent in the name of another and answers what it says, with a trace that shows both', async () => {
      const answer = (await use('mesh_run', { agent: 'calc', prompt: '1+1', from: 'noter' })) as {
        run_id: string;
        state: string;
        answer: string;
      };
      assert.deepEqual([answer.state, answer.answer], ['completed', '2']);
      const call = await mesh.client.call('invocations.get', { params: { run_id: answer.run_id } });
      assert.deepEqual([call.from, call.agent], ['noter', 'calc']);
      const trace = (await use('mesh_trace', { id: answer.run_id })) as { lines: unknown[] };
      assert.ok(JSON.stringify(trace.lines).includes('evaluate'));
    });

    it('starts a team and tells its outputs', async () => {
      const run = (await use('mesh_start_team', { team: 'sums', inputs: { sum: '2*3' } })) as {
        team_run_id: string;
        status: string;
      };
      assert.equal(run.status, 'completed');
      assert.ok(JSON.stringify(await use('mesh_status', { id: run.team_run_id })).includes('"result":6'));
    });

    it('says in words what was wrong and what to do', async () => {
      const { isError, content } = await client.callTool({
        name: 'mesh_run',
        arguments: { agent: 'calk', prompt: 'x' },
      });
      assert.equal(isError, true);
      assert.match(JSON.stringify(content), /unknown_agent.*calc/);
      const gone = await client.callTool({ name: 'mesh_status', arguments: { id: 'nobody' } });
      assert.match(JSON.stringify(gone.content), /unknown_run/);
    });
  });

describe('an agent that the mesh has at work', () => {
  it('starts a team on behalf of its run, and cannot start its own team again', async () => {
    const outer = await startTeam(mesh, team('outer', 'asker', 'sums'), {});
    const run = await teamRun(mesh, outer);
    assert.equal(run.status, 'completed', JSON.stringify(run.failure));
    const [inner] = await mesh.client.call('team-runs.list', { query: { limit: 1 } });
    assert.deepEqual(
      [inner?.team, inner?.asked_by?.agent, inner?.asked_by?.chain.map((link) => link.run_id)],
      ['sums', 'asker', [outer]],
    );
    writeFileSync(join(mesh.dataDir, FILES.templates, 'sums', 'team.yaml'), team('sums', 'asker', 'sums'));
    const loop = await teamRun(mesh, await startTeam(mesh, team('sums', 'asker', 'sums'), {}));
    assert.match(JSON.stringify(loop.steps[0]?.output), /origin_loop/);
  });
});
