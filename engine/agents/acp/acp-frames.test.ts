// Frames that real agents sent (OpenCode 1.18.33, OpenClaw 2026.9.6), as the events that come of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Story } from '../../processes/story.ts';
import type { AdapterEvent } from '../adapter.ts';
import { recorder } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import { Updates } from './updates.ts';

const lines = (file: string): string[] =>
  readFileSync(new URL(`./fixtures/${file}`, import.meta.url), 'utf8').split('\n');

/** The updates of a recording: `4.00 UPDATE {…}` a line. Those that were cut off when they were recorded are left out. */
const recorded = (file: string): unknown[] =>
  lines(file).flatMap((line) => {
    const [, json] = /^[\d.]+ UPDATE (\{.*\})$/.exec(line) ?? [];
    return json === undefined ? [] : [{ sessionId: 's', update: JSON.parse(json) as unknown }];
  });

const replay = async (
  updates: readonly unknown[],
  sessionId = 's',
): Promise<{ events: AdapterEvent[]; text: string | undefined }> => {
  const sink = recorder();
  const story = new Story(sink);
  const taken = new Updates(story, testPorts.clock);
  for (const params of updates) await taken.take(params, sessionId);
  await taken.end(null);
  const { text } = await story.close();
  return { events: sink.events, text };
};

const kinds = (events: readonly AdapterEvent[]): string[] =>
  events
    .map((event) => (event.kind === 'tool' ? `tool ${event.payload.phase}` : event.kind))
    .filter((kind, at, all) => kind !== all[at - 1]);

describe('acp: recorded frames', () => {
  it('OpenCode: thoughts, one pair of a tool with its whole input, the answer', async () => {
    const { events, text } = await replay(recorded('opencode.txt'));
    assert.deepEqual(kinds(events), [
      'reasoning',
      'tool start',
      'tool update',
      'tool end',
      'reasoning',
      'message',
    ]);
    assert.equal(text, 'tool result was: tool-says-hi\n');
    const [start, , end] = events.filter(({ kind }) => kind === 'tool');
    assert.deepEqual(start?.payload, {
      name: 'bash',
      phase: 'start',
      call_id: 'call_t9mk3h',
      title: 'echo tool-says-hi',
      input: { command: 'echo tool-says-hi', description: 'hi', cwd: '/home/user/openclaw' },
    });
    assert.deepEqual(end?.payload, {
      name: 'bash',
      phase: 'end',
      call_id: 'call_t9mk3h',
      output: { output: 'tool-says-hi\n', metadata: { output: 'tool-says-hi\n', exit: 0, truncated: false } },
    });
  });

  it('OpenClaw’s bridge: a tool that begins at work, and what the run has used', async () => {
    const { events, text } = await replay(recorded('openclaw.txt'));
    assert.equal(text, 'tool result was: tool-says-hi');
    assert.deepEqual(kinds(events), ['tool start', 'tool update', 'tool end', 'message', 'status']);
    assert.deepEqual(events.at(-1)?.metadata, { usage: { context_used: 10, context_size: 128_000 } });
  });

  it('whole messages of a session as another client recorded them', async () => {
    const updates = lines('acpx-openclaw.jsonl')
      .filter((line) => line.includes('"session/update"'))
      .map((line) => (JSON.parse(line) as { params: { sessionId: string } }).params);
    assert.ok(updates.length > 0);
    const { text } = await replay(updates, updates[0]?.sessionId);
    assert.equal(text, '2');
  });
});
