// How the adapter behaves among others at a NanoClaw host, and what it makes of the manners of NanoClaw.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { recorder, request, texts, until, type Recorder } from '../adapter.testkit.ts';
import { openLab, statuses, type Lab } from './nanoclaw.testkit.ts';

/** Where a text stands among what the container of a task wrote. */
const rowOf = ({ host }: Lab, key: string, text: string): number => {
  const session = host.session(key);
  assert.ok(session !== undefined);
  const db = new Database(join(host.sessionDir(session), 'outbound.db'), { readonly: true, timeout: 5_000 });
  const found = db
    .prepare<[string, string], { rowid: number }>(
      'SELECT rowid FROM messages_out WHERE thread_id = ? AND content LIKE ? ORDER BY rowid DESC LIMIT 1',
    )
    .get(key, `%${text}%`);
  db.close();
  return found?.rowid ?? 0;
};

for (const version of ['2.0.64', '2.4.0'] as const) {
  describe(`nanoclaw ${version}: its manners`, () => {
    let lab: Lab;
    before(async () => {
      lab = await openLab({ version });
    });
    after(() => lab.close());

    it('sends one routed line into a session of its own, and evicts nobody who chats', async () => {
      const chat = createConnection(join(lab.host.dir, 'data', 'cli.sock'));
      let heard = '';
      chat.setEncoding('utf8').on('data', (text: string) => (heard += text));
      chat.write('{"text":"hello"}\n');
      await until('the chat to be answered', () => heard.includes('you said hello'));
      const key = randomUUID();
      const { outcome } = await lab.run('1+1', { key });
      assert.equal(outcome.text, '2');
      chat.write('{"text":"still here?"}\n');
      await until('the chat to go on', () => heard.includes('you said still here?'));
      assert.ok(!heard.includes('superseded'));
      chat.end();
      await once(chat, 'close');
      const session = lab.host.session(key);
      assert.ok(session !== undefined);
      const senders = lab.host.inbound(session, (db) =>
        db.prepare<[], { content: string }>('SELECT content FROM messages_in').all(),
      );
      assert.deepEqual(
        senders
          .map(({ content }) => JSON.parse(content) as { senderId: string; text: string })
          // What makes the conversation forget its task is the operator’s word.
          .filter(({ text }) => text !== '/clear')
          .map(({ senderId }) => senderId),
        ['agentmesh:mesh'],
      );
    });

    it('tells messages on the way as they come, and takes the last for the answer', async () => {
      const { outcome, sink } = await lab.run('interim 1000');
      assert.equal(outcome.text, 'third');
      assert.deepEqual(texts(sink.events, false), ['first', 'second']);
    });

    it('takes a message that was sent by a tool for the answer when nothing follows', async () => {
      const { outcome, sink } = await lab.run('bytool the answer');
      assert.equal(outcome.text, 'the answer');
      assert.deepEqual(texts(sink.events, false), []);
    });

    it('waits for an answer that NanoClaw has to ask for again', async () => {
      const { outcome } = await lab.run('unwrapped forgot the address');
      assert.equal(outcome.text, 'forgot the address');
    });

    it('says that an agent finished without a word', async () => {
      const { outcome } = await lab.run('silent');
      assert.equal(outcome.status, 'failed');
      assert.match(outcome.error?.message ?? '', /without a word/);
    });

    it('hands over texts that look like commands', async () => {
      for (const prompt of ['/help me', '  /clear', '/unknown thing']) {
        const { outcome } = await lab.run(prompt);
        assert.equal(outcome.text, `unknown word \u2060${prompt.split(' ', 1)[0] ?? ''}`.trim(), prompt);
      }
      const { outcome } = await lab.run('');
      assert.equal(outcome.error?.code, 'invalid_input');
    });

    it('tells a failure of the provider from an answer that begins like one', async () => {
      const row = (more: object): string => `raw ${JSON.stringify(more)}`;
      const failing = await lab.run(
        row({ in_reply_to: null, content: JSON.stringify({ text: 'Error: no credit' }) }),
      );
      // The turn of `raw` ends with `done`: what was an error before is a message on the way.
      assert.equal(failing.outcome.text, 'done');
      const { outcome } = await lab.run('fail');
      assert.deepEqual(outcome.error, {
        code: 'agent_failed',
        message: 'the model is broken',
        retryable: true,
      });
      assert.equal(outcome.text, undefined);
    });

    it('takes a run up where an earlier life of the daemon left it, and tells nothing twice', async () => {
      const key = randomUUID();
      const ask = request(lab.target, 'interim 2500', { key });
      const first: Recorder = recorder();
      const death = Promise.withResolvers<undefined>();
      // The first life hears one message on the way, then it is dead.
      const life = lab.adapter.invoke(ask, {
        ...first,
        handle: (native, id) => first.handle(native, id),
        event: async (event) => {
          await first.event(event);
          if (texts(first.events, false).length === 1) await death.promise;
        },
      });
      await until('the first message', () => texts(first.events, false).length === 1);
      const second = recorder();
      const saved = { ...first.saved, told: rowOf(lab, key, 'first') };
      const found = await lab.adapter.reattach(ask, saved, second);
      assert.equal(found.status, 'completed');
      assert.ok('text' in found && found.text === 'third');
      assert.deepEqual(texts(second.events, false), ['second']);
      assert.equal(lab.host.effects.get(key), 1);
      death.reject(new Error('dead'));
      await assert.rejects(life, /dead/);
    });

    it('knows from the mailbox alone how a run ended while the host is away', async () => {
      const key = randomUUID();
      const ask = request(lab.target, 'echo kept', { key });
      const sink = recorder();
      await lab.adapter.invoke(ask, sink);
      const away = { ...ask, target: { ...lab.target, entry: { ...lab.target.entry, dir: '/nowhere' } } };
      const found = await lab.adapter.reattach(away, sink.saved, recorder());
      assert.ok('text' in found && found.text === 'kept');
    });
  });
}

describe('nanoclaw: stopping', () => {
  it('2.0.64 cannot be stopped: that is said, and what comes later is not heard', async () => {
    const lab = await openLab({ version: '2.0.64' });
    try {
      const key = randomUUID();
      const abort = new AbortController();
      const sink = recorder((event) => {
        if (JSON.stringify(event.payload).includes('started')) abort.abort();
      });
      const { outcome } = await lab.run('wait 800 late', { key, signal: abort.signal }, sink);
      assert.equal(outcome.status, 'cancelled');
      assert.equal(outcome.cancelConfirmed, false);
      assert.equal(outcome.text, undefined);
      assert.match(statuses(sink).at(-1) ?? '', /could not be made to stop/);
      const told = sink.events.length;
      await until('the agent to be idle', () => !lab.host.working.has(key));
      assert.equal(sink.events.length, told);
      // No word of ours reached the thread besides the task.
      const session = lab.host.session(key);
      assert.ok(session !== undefined);
      const count = lab.host.inbound(session, (db) =>
        db.prepare('SELECT COUNT(*) AS n FROM messages_in').get(),
      );
      assert.deepEqual(count, { n: 1 });
    } finally {
      await lab.close();
    }
  });

  it('a run that ended before the stop keeps its result', async () => {
    const lab = await openLab({ version: '2.4.0' });
    try {
      const abort = new AbortController();
      const running = lab.run('echo done', { signal: abort.signal });
      await until('the agent to have worked', () => lab.host.effects.size === 1);
      await until('the agent to be idle', () => lab.host.working.size === 0);
      await new Promise((resolve) => setTimeout(resolve, 350));
      abort.abort();
      const { outcome } = await running;
      assert.equal(outcome.status, 'completed');
      assert.equal(outcome.text, 'done');
    } finally {
      await lab.close();
    }
  });

  it('leaves other tasks of the group alone', async () => {
    const lab = await openLab({ version: '2.4.0' });
    try {
      const other = lab.run('wait 1500 unharmed');
      const abort = new AbortController();
      const sink = recorder((event) => {
        if (JSON.stringify(event.payload).includes('started')) abort.abort();
      });
      const { outcome } = await lab.run('hang', { signal: abort.signal }, sink);
      assert.equal(outcome.cancelConfirmed, true);
      assert.equal((await other).outcome.text, 'unharmed');
    } finally {
      await lab.close();
    }
  });
});

describe('nanoclaw: several of them', () => {
  it('installations and agent groups on one host do not mix', async () => {
    const labs = await Promise.all([
      openLab({ version: '2.0.64', groups: ['main', 'family'] }),
      openLab({ version: '2.4.0', groups: ['main'] }),
    ]);
    try {
      const [first, second] = labs;
      const family = { ...first.target, entry: { ...first.target.entry, settings: { agent: 'family' } } };
      const keys = [randomUUID(), randomUUID(), randomUUID()];
      const outcomes = await Promise.all([
        first.run('wait 300 a', { key: keys[0] ?? '' }),
        first.run('wait 200 b', { key: keys[1] ?? '', target: family }),
        second.run('wait 100 c', { key: keys[2] ?? '' }),
      ]);
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome.text),
        ['a', 'b', 'c'],
      );
      assert.deepEqual([...first.host.effects.keys()].sort(), keys.slice(0, 2).sort());
      assert.deepEqual([...second.host.effects.keys()], keys.slice(2));
      assert.equal(first.host.session(keys[1] ?? '')?.agent_group_id, first.host.groups.get('family'));
    } finally {
      await Promise.all(labs.map((lab) => lab.close()));
    }
  });
});
