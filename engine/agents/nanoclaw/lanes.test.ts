// Hosts that keep no threads for the mesh: each address of an agent group is a conversation, with one task at a time.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { recorder, request, until } from '../adapter.testkit.ts';
import { createNanoclawAdapter } from './adapter.ts';
import { openLab, ports, statuses, type Lab } from './nanoclaw.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import type { FakeHostOptions } from './nanoclaw.testhost.ts';
import { routedLine, sendLine } from './send.ts';

const inLab = async (options: FakeHostOptions, work: (lab: Lab) => Promise<void>): Promise<void> => {
  const lab = await openLab(options);
  try {
    await work(lab);
  } finally {
    await lab.close();
  }
};

/** The addresses of the messages that reached an agent, in their order, with what was said. */
const lines = ({ host }: Lab): string[] =>
  host.rows('sessions').flatMap((row) => {
    const session = row as unknown as Parameters<typeof host.sessionDir>[0];
    return host.inbound(session, (db) =>
      db
        .prepare<[], { platform_id: string; content: string }>(
          'SELECT platform_id, content FROM messages_in ORDER BY seq',
        )
        .all()
        .map((each) => `${each.platform_id} ${(JSON.parse(each.content) as { text: string }).text}`),
    );
  });

/** Whether the one conversation was made to forget, and its agent has said so. */
const hasCleared = ({ host }: Lab): boolean => {
  const [row] = host.rows('sessions');
  const session = row as unknown as Parameters<typeof host.sessionDir>[0];
  const db = new Database(join(host.sessionDir(session), 'outbound.db'), { readonly: true });
  const said = db.prepare("SELECT 1 FROM messages_out WHERE content LIKE '%Session cleared%'").get();
  db.close();
  return said !== undefined;
};

describe('nanoclaw: conversations', () => {
  it('2.0.64 gives each task a session of its own, and none remembers another', () =>
    inLab({ version: '2.0.64' }, async (lab) => {
      for (const secret of ['one', 'two']) await lab.run(`echo ${secret}`);
      const { outcome } = await lab.run('recall');
      assert.equal(outcome.text, 'before:');
      assert.equal(lab.host.rows('sessions').length, 3);
      assert.deepEqual(lines(lab), ['mesh:main echo one', 'mesh:main echo two', 'mesh:main recall']);
    }));

  it('later hosts: one conversation after another task, cleared in between by the operator’s word', () =>
    inLab({}, async (lab) => {
      for (const secret of ['one', 'two']) await lab.run(`echo ${secret}`);
      const { outcome, sink } = await lab.run('recall');
      assert.equal(outcome.text, 'before:');
      assert.ok(!statuses(sink).join().includes('remembers'));
      // Said right after each task, and never twice.
      const said = ['echo one', '/clear', 'echo two', '/clear', 'recall', '/clear'];
      await until('the last word', () => lines(lab).length === said.length);
      assert.deepEqual(
        lines(lab),
        said.map((line) => `mesh:main ${line}`),
      );
    }));

  it('a task that finds its conversation cleared begins at once, in another life of the daemon too', () =>
    inLab({}, async (lab) => {
      await lab.run('echo one');
      await until('the conversation to be cleared', () => hasCleared(lab));
      const other = createNanoclawAdapter(ports);
      const sink = recorder();
      const outcome = await other.invoke(request(lab.target, 'recall'), sink);
      assert.equal(outcome.text, 'before:');
      await until('the last word', () => lines(lab).length === 4);
      assert.deepEqual(
        lines(lab),
        ['echo one', '/clear', 'recall', '/clear'].map((line) => `mesh:main ${line}`),
      );
      await other.close?.();
    }));

  it('a task that is over is found again by its key, however many came after it', () =>
    inLab({}, async (lab) => {
      const key = randomUUID();
      await lab.run('echo first', { key });
      await lab.run('echo second');
      const { outcome } = await lab.run('echo first', { key });
      assert.equal(outcome.text, 'first');
      assert.equal(lab.host.effects.get(key), 1);
    }));

  it('what an agent says to nobody in particular after another task is still its own', () =>
    inLab({}, async (lab) => {
      await lab.run('echo first');
      const row = { in_reply_to: null, thread_id: null, content: '{"text":"second"}' };
      const { sink } = await lab.run(`raw ${JSON.stringify(row)}`);
      const said = JSON.stringify(sink.events);
      assert.ok(said.includes('second'), said);
      assert.ok(!/first|cleared/.test(said), said);
    }));

  it('a host that lets nobody clear: the task is done, and the trace says what it remembers', () =>
    inLab({ admins: [] }, async (lab) => {
      await lab.run('echo one');
      const { outcome, sink } = await lab.run('recall');
      assert.equal(outcome.text, 'before: echo one');
      assert.match(statuses(sink).join('\n'), /remembers tasks before/);
      assert.ok(!sink.events.some((event) => JSON.stringify(event).includes('Permission denied')));
    }));

  it('tasks at once are in conversations of their own; one too many waits, and says so', () =>
    inLab({}, async (lab) => {
      const keys = [1, 2, 3].map(() => randomUUID());
      const running = keys.map((key) => lab.run('wait 1500 done', { key }));
      await until('three at work', () => keys.every((key) => lab.host.working.has(key)));
      const late = recorder();
      const fourth = lab.run('recall', {}, late);
      await until('the fourth to wait', () =>
        statuses(late).some((line) => /3 conversations.*busy/.test(line)),
      );
      assert.equal(lab.host.rows('sessions').length, 3);
      for (const { outcome } of await Promise.all(running)) assert.equal(outcome.text, 'done');
      assert.equal((await fourth).outcome.text, 'before:');
      assert.equal(lab.host.rows('sessions').length, 3);
    }));

  it('what waits for a conversation can be cancelled, and nothing was sent', () =>
    inLab({}, async (lab) => {
      const keys = [1, 2, 3].map(() => randomUUID());
      const stop = new AbortController();
      const running = keys.map((key) => lab.run('hang', { key, signal: stop.signal }));
      await until('three at work', () => keys.every((key) => lab.host.working.has(key)));
      const abort = new AbortController();
      const late = recorder();
      const key = randomUUID();
      const fourth = lab.run('echo never', { key, signal: abort.signal }, late);
      await until('the fourth to wait', () => statuses(late).length > 0);
      abort.abort();
      const { outcome } = await fourth;
      assert.deepEqual([outcome.status, outcome.cancelConfirmed], ['cancelled', true]);
      assert.ok(!late.calls.includes('sent'));
      assert.equal(lab.host.session(key), undefined);
      stop.abort();
      for (const each of await Promise.all(running)) assert.equal(each.outcome.cancelConfirmed, true);
    }));

  it('a task that another life of the daemon sent keeps its conversation, and is found again by its key', () =>
    inLab({}, async (lab) => {
      const key = randomUUID();
      // What a life of another process has in hand is seen in the mailbox alone.
      const line = routedLine('wait 2000 mine', { platform: 'mesh:main', thread: key, tag: key });
      await sendLine(testPorts.clock, lab.host.dir, line);
      await until('the message to be there', () => lab.host.session(key) !== undefined);
      const [again, other] = await Promise.all([
        lab.adapter.reattach(request(lab.target, 'wait 2000 mine', { key }), null, recorder()),
        lab.run('recall'),
      ]);
      assert.ok('text' in again && again.text === 'mine', JSON.stringify(again));
      assert.equal(other.outcome.text, 'before:');
      assert.equal(lab.host.rows('sessions').length, 2);
      assert.equal(lab.host.effects.get(key), 1);
    }));

  it('the same key finds its conversation whichever it is, and sends nothing again', () =>
    inLab({}, async (lab) => {
      const keys = [1, 2, 3].map(() => randomUUID());
      await Promise.all(keys.map((key, at) => lab.run(`wait 300 answer${String(at)}`, { key })));
      for (const [at, key] of keys.entries()) {
        const { outcome } = await lab.run(`wait 300 answer${String(at)}`, { key });
        assert.equal(outcome.text, `answer${String(at)}`);
        assert.equal(lab.host.effects.get(key), 1);
      }
    }));
});
