// Templates in folders: looked up by name in order, listed even when broken, pinned only when they can run.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MeshError } from '#machines/nouns/error';
import type { Templates } from './load.ts';
import { createTemplates } from './load.ts';

const team = (name: string, description: string): string =>
  `apiVersion: agentmesh/v1\nkind: Team\nname: ${name}\ndescription: ${description}\nroles: { r: { skill: s } }\nsteps: [{ id: a, role: r, prompt: hi }]\n`;

let root = '';
let templates: Templates;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'agentmesh-templates-'));
  for (const folder of ['own/both', 'shipped/both', 'shipped/broken', 'shipped/json', 'shipped/empty'])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'outside.yaml'), team('outside', 'not to be reached'));
  await writeFile(join(root, 'own/both/team.yaml'), team('both', 'the nearer one'));
  await writeFile(join(root, 'shipped/both/team.yaml'), team('both', 'the farther one'));
  await writeFile(join(root, 'shipped/broken/team.yml'), 'kind: Team\nsteps: []\n');
  await writeFile(join(root, 'shipped/later.yaml'), `${team('later', 'waits')}budget: { wall: 1m }\n`);
  await writeFile(
    join(root, 'shipped/json/team.json'),
    '{"apiVersion":"agentmesh/v1","kind":"Team","name":"json","roles":{"r":{"agent":"x"}},"steps":[{"id":"a","role":"r","prompt":"hi"}]}',
  );
  await writeFile(join(root, 'shipped/README.md'), 'not a template');
  await writeFile(join(root, 'shipped/big.yaml'), 'x'.repeat(70_000));
  await symlink('nowhere', join(root, 'shipped/dangling.yaml'));
  templates = createTemplates({
    dirs: [
      { dir: join(root, 'absent'), origin: 'absent' },
      { dir: join(root, 'own'), origin: 'data' },
      { dir: join(root, 'shipped'), origin: 'shipped' },
    ],
  });
});

after(async () => {
  await templates.close();
  await rm(root, { recursive: true });
});

const code = async (promise: Promise<unknown>): Promise<MeshError> => {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof MeshError);
    return error;
  }
  return assert.fail('it did not throw');
};

describe('lookup', () => {
  it('lists each name once, the nearer folder first, broken ones with their faults counted', async () => {
    const list = await templates.list();
    assert.deepEqual(
      list.map(({ name, origin, problems }) => `${name} ${origin} ${problems > 0}`),
      [
        'big shipped true',
        'both data false',
        'broken shipped true',
        'json shipped false',
        'later shipped true',
      ],
    );
    assert.equal(list[1]?.description, 'the nearer one');
    assert.deepEqual(list[1]?.steps, ['a']);
  });

  it('gives the text, and suggests near names for an unknown one', async () => {
    assert.match((await templates.get('both')).text, /the nearer one/);
    const error = await code(templates.get('bohth'));
    assert.equal(error.code, 'unknown_template');
    assert.deepEqual(error.extra['suggestions'], ['both']);
  });

  for (const name of [
    '../outside',
    '..',
    'own/both',
    '/etc/passwd',
    'both/../../outside',
    '.',
    '',
    'a\u0000b',
  ])
    it(`never leaves the folders: ${JSON.stringify(name)}`, async () => {
      assert.equal((await code(templates.get(name))).code, 'unknown_template');
      assert.equal((await code(templates.pin({ name }))).code, 'unknown_template');
    });
});

describe('pin', () => {
  it('keeps text, hash and origin', async () => {
    const pinned = await templates.pin({ name: 'both' });
    assert.equal(pinned.template.name, 'both');
    assert.equal(pinned.origin, 'data');
    assert.equal(pinned.commit, null);
    const again = await templates.pin({ text: pinned.text, origin: './team.yaml', commit: 'abc' });
    assert.equal(again.hash, pinned.hash);
    assert.deepEqual([again.origin, again.commit], ['./team.yaml', 'abc']);
  });

  it('follows a file that changes, and remembers nothing old', async () => {
    const path = join(root, 'own/changing.yaml');
    await writeFile(path, team('changing', 'before'));
    const before = await templates.pin({ name: 'changing' });
    await writeFile(path, team('changing', 'after'));
    const changed = await templates.pin({ name: 'changing' });
    assert.notEqual(changed.hash, before.hash);
    assert.equal(changed.template.description, 'after');
    await rm(path);
  });

  it('refuses broken ones with all problems, and what cannot run yet by its own code', async () => {
    const broken = await code(templates.pin({ name: 'broken' }));
    assert.equal(broken.code, 'invalid_template');
    assert.ok((broken.extra['problems'] as unknown[]).length >= 3);
    assert.equal((await code(templates.pin({ name: 'later' }))).code, 'not_supported_yet');
    assert.equal((await code(templates.pin({ name: 'big' }))).code, 'invalid_template');
    assert.match((await code(templates.pin({ text: 'a: [', origin: 'x' }))).detail, /^1:\d+ /);
  });
});
