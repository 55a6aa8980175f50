// A mesh for the conformance kit: a real daemon with one team in front of the kit's agent, as a user would set it up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FILES } from '#machines/nouns/data-folder';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';

const AGENT = fileURLToPath(new URL('./kit-agent.ts', import.meta.url));

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: scenarios
description: Hands each request to one agent
inputs: { text: { type: string, default: "" } }
# Its agent takes whatever is sent.
input_modes: ["*/*"]
roles: { answerer: { agent: kit } }
steps:
  - { id: answer, role: answerer, prompt: "Asked: {{ inputs.text }}" }
`;

export interface KitMesh extends AsyncDisposable {
  readonly mesh: MeshUnderFire;
  readonly url: string;
}

export interface KitOptions {
  /** Further teams: name -> text. */
  readonly teams?: Readonly<Record<string, string>>;
  /** Programs as agents: name -> argv. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
}

/** Starts agent and daemon; both end with the disposal. */
export const openKitMesh = async ({ teams = {}, programs = {} }: KitOptions = {}): Promise<KitMesh> => {
  const agent = spawn(process.execPath, [AGENT], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(agent, 'exit');
  const endAgent = async (): Promise<void> => {
    agent.kill('SIGKILL');
    await ended;
  };
  let mesh: MeshUnderFire | null = null;
  try {
    const [line] = (await once(createInterface({ input: agent.stdout }), 'line')) as [string];
    const { port } = JSON.parse(line) as { port: number };
    const opened = await MeshUnderFire.open({ agents: [], delayMs: 0, programs });
    mesh = opened;
    for (const [name, text] of Object.entries({ scenarios: TEAM, ...teams })) {
      const folder = join(opened.dataDir, FILES.templates, name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'team.yaml'), text);
    }
    writeFileSync(join(opened.dataDir, FILES.config), JSON.stringify({ a2a: { default_team: 'scenarios' } }));
    opened.start({ AGENTMESH_PORT: '0' });
    const { url } = await opened.ready();
    await opened.client.call('agents.add', {
      body: { url: `http://127.0.0.1:${String(port)}`, name: 'kit' },
    });
    await opened.client.call('discover', { body: { wait_ms: 20_000 } });
    return {
      mesh: opened,
      url,
      [Symbol.asyncDispose]: async () => {
        await opened[Symbol.asyncDispose]();
        await endAgent();
      },
    };
  } catch (error) {
    await mesh?.[Symbol.asyncDispose]();
    await endAgent();
    throw error;
  }
};
