// Names and addresses of agents, whatever cards and files say.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AgentNameSchema, type AgentEntry } from '#machines/nouns/agent';
import fc from 'fast-check';
import {
  addressOf,
  cleanName,
  cleanText,
  endpointOf,
  freeName,
  mergeSkills,
  provisionalName,
} from './naming.ts';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
const anyEntry: fc.Arbitrary<AgentEntry> = fc.oneof(
  fc.webUrl().map((url) => ({ url })),
  fc.array(fc.string({ minLength: 1 }), { minLength: 1 }).map((command) => ({ name: 'x', command })),
  fc.string().map((dir) => ({ kind: 'claw', dir: `/${dir}` })),
);

describe('names of agents', () => {
  it('are always names, or nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = cleanName(text);
        assert.ok(name === null || AgentNameSchema.safeParse(name).success, JSON.stringify(name));
      }),
    );
  });

  it('stay as they are when they are names', () => {
    for (const name of ['calc', 'Gemini SDLC Agent', '世界', 'a.b-c:d@e/f', 'x'.repeat(64)]) {
      assert.equal(cleanName(name), name);
    }
  });

  it('lose what moves a cursor or turns text round', () => {
    assert.equal(cleanText('a\u001b[31mb\u0007\u202ec\r\nd'), 'a [31mb c d');
    assert.equal(cleanName('ev\u0000il\u200b'), 'ev il');
  });

  it('are free, however many agents want one', () => {
    fc.assert(
      fc.property(anyEntry, fc.array(anyText, { maxLength: 8 }), (entry, wanted) => {
        const taken = new Set<string>();
        for (const each of [...wanted, 'calc', 'calc', 'calc']) {
          const name = freeName(cleanName(each) ?? provisionalName(entry), entry, (one) => taken.has(one));
          assert.ok(AgentNameSchema.safeParse(name).success, JSON.stringify(name));
          assert.ok(!taken.has(name));
          taken.add(name);
        }
      }),
    );
    assert.equal(
      freeName('calc', { url: 'http://127.0.0.1:9001/a2a' }, (name) => name === 'calc'),
      'calc@127.0.0.1:9001',
    );
  });
});

describe('addresses of agents', () => {
  it('are the same for the same URL, however it is written', () => {
    const same = ['http://Host:80/', 'http://host', 'http://host/#x', 'http://user:pw@host//'];
    assert.deepEqual(new Set(same.map((url) => addressOf({ url }))), new Set(['http://host']));
    assert.notEqual(addressOf({ url: 'http://host/a' }), addressOf({ url: 'http://host/b' }));
  });

  it('tell commands apart by argv and folder', () => {
    const one = addressOf({ name: 'x', command: ['a', 'b c'] });
    assert.notEqual(one, addressOf({ name: 'x', command: ['a', 'b', 'c'] }));
    assert.notEqual(one, addressOf({ name: 'x', command: ['a', 'b c'], cwd: '/' }));
    assert.equal(endpointOf({ name: 'x', command: ['a', 'b c'] }), 'a "b c"');
  });

  it('tell installations apart by their folder, and agents behind one address by kind and setting', () => {
    const dir = '/opt/claw';
    assert.equal(addressOf({ kind: 'claw', dir }), addressOf({ kind: 'claw', dir: '/opt/claw//' }));
    assert.equal(endpointOf({ kind: 'claw', dir }), dir);
    assert.equal(provisionalName({ kind: 'claw', dir: '/opt/claw/' }), 'claw');
    const url = 'http://127.0.0.1:1';
    assert.equal(addressOf({ url, kind: 'a2a' }), addressOf({ url }));
    const different = [
      { url },
      { url, kind: 'gateway' },
      { url, kind: 'gateway', settings: { agent: 'main' } },
      { url, kind: 'gateway', settings: { agent: 'other' } },
      { kind: 'claw', dir },
      { kind: 'bear', dir },
    ];
    assert.equal(new Set(different.map(addressOf)).size, different.length);
    assert.equal(
      addressOf({ url, kind: 'gateway', settings: { agent: 'main', verbose: true } }),
      addressOf({ url, kind: 'gateway', settings: { agent: 'main' } }),
    );
  });

  it('never show a password', () => {
    assert.ok(!endpointOf({ url: 'http://user:secret@host/' }).includes('secret'));
  });
});

describe('skills of agents', () => {
  it('join what is configured and what the card says, once each', () => {
    const skills = mergeSkills(
      { name: 'x', command: ['x'], skills: ['test', { id: 'fix', name: 'Fix', description: '', tags: [] }] },
      [
        { id: 'test', name: 'From the card', description: '', tags: [] },
        { id: 'scribe', name: 'Scribe\u001b', description: 'd', tags: ['t'] },
      ],
    );
    assert.deepEqual(
      skills.map(({ id, name }) => [id, name]),
      [
        ['test', 'test'],
        ['fix', 'Fix'],
        ['scribe', 'Scribe'],
      ],
    );
  });
});
