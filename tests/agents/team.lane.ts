// One team whose steps run on three real programs, in one trace:
//
//   npm run test:agents -- team
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { EventV1 } from '#machines/nouns/event';
import { openLaneMesh, type LaneMesh } from './lane-mesh.ts';
import { COMMAND_NAMES, PROGRAMS } from './lane-program.ts';
import { VERSION_NOTE } from './lanes.ts';

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: three
inputs:
  word: { type: string }
roles:
  one: { agent: opencode }
  two: { agent: claude }
  three: { agent: codex }
steps:
  - { id: first, role: one, prompt: 'echo {{ inputs.word }}' }
  - { id: second, role: two, prompt: 'echo {{ steps.first.output.text }} two' }
  - { id: third, role: three, prompt: 'echo {{ steps.second.output.text }} three' }
`;

let mesh: LaneMesh;
before(async () => {
  mesh = await openLaneMesh(COMMAND_NAMES);
});
after(() => mesh.close());

describe('one team on three frameworks', () => {
  it('each step on another, one trace, and the log is whole', async (t) => {
    t.diagnostic(VERSION_NOTE + COMMAND_NAMES.map((name) => `${name} ${PROGRAMS[name].version}`).join(', '));
    const file = join(mesh.work, 'three.yaml');
    writeFileSync(file, TEAM);
    const ran = (await mesh.json('team', 'run', file, '--input', 'word=one')) as {
      team_run_id: string;
      status: string;
    };
    assert.equal(ran.status, 'completed', JSON.stringify(ran));
    const events = (await mesh.json('trace', ran.team_run_id)) as EventV1[];
    const answers = events
      .filter(({ metadata }) => metadata['final'] === true)
      .map(({ step, metadata, payload }) => [step, metadata['agent'], String(payload['text']).trim()]);
    assert.deepEqual(answers, [
      ['first', 'opencode', 'one'],
      ['second', 'claude', 'one two'],
      ['third', 'codex', 'one two three'],
    ]);
    assert.equal((await mesh.cli('verify')).code, 0);
  });
});
