// docs/event-v1.md tells what the code does: its example is a line of ours, its tables name every key, kind and payload key.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { EVENT_KEYS, EVENT_KINDS, EVENT_SOURCES, PAYLOAD_SCHEMAS } from '#machines/nouns/event';
import { acceptRecord } from './accept.ts';
import { foreignId } from './foreign-id.ts';
import { readLine } from './line.ts';

const doc = readFileSync(new URL('../../docs/event-v1.md', import.meta.url), 'utf8');
const example = /```text\n(.*)\n```/.exec(doc)?.[1] ?? '';
const section = (title: string): string => doc.split(/^#+ /m).find((part) => part.startsWith(title)) ?? '';
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1] ?? '');

describe('docs/event-v1.md', () => {
  it('has an example that is exactly a line of this log, with a valid payload', () => {
    const line = readLine(Buffer.from(example));
    assert.equal(line.is, 'own');
    assert.equal(acceptRecord(JSON.parse(example)).kind, 'tool');
  });

  it('names the keys of the record in their order', () => {
    assert.deepEqual(firstCells(section('The record')), [...EVENT_KEYS]);
  });

  it('names every kind with all keys of its payload', () => {
    const text = section('Payloads');
    assert.deepEqual(firstCells(text), [...EVENT_KINDS]);
    for (const kind of EVENT_KINDS) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${kind}\``)) ?? '';
      for (const key of Object.keys(PAYLOAD_SCHEMAS[kind].shape))
        assert.ok(row.includes(`\`${key}\``), `${kind}.${key}`);
    }
  });

  it('names every source', () => {
    for (const source of EVENT_SOURCES)
      assert.ok(section('metadata.source').includes(`\`${source}\``), source);
  });

  it('describes the ids of foreign lines as they are made', () => {
    // Known answers: SHA-256 of `a`, newline, `1` and of `a`, newline, `2`, cut to UUIDv8.
    assert.equal(foreignId(Buffer.from('a'), 1), '4f395a2e-9ea1-8068-8348-d38413545827');
    assert.equal(foreignId(Buffer.from('a'), 2), '29c58cb1-4a61-8e5f-a72f-134caaaf5de0');
  });
});
