// Why a NanoClaw agent says nothing: a container that cannot start, that died, that has no way to answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { recorder, until } from '../adapter.testkit.ts';
import { hurriedClock, openLab, statuses } from './nanoclaw.testkit.ts';

describe('nanoclaw: a container that is silent', () => {
  it('cannot start: the trace says so, and the run fails with what to do and without a second try', async () => {
    const clock = hurriedClock(20);
    const lab = await openLab({ containers: 'die' }, clock);
    try {
      const { outcome, sink } = await lab.run('echo x');
      assert.equal(outcome.status, 'failed');
      assert.equal(outcome.error?.code, 'agent_unreachable');
      assert.equal(outcome.error.retryable, false);
      assert.match(outcome.error.message, /cannot start the container.*nanoclaw\.error\.log.*docker info/s);
      assert.match(statuses(sink).join('\n'), /has not started its container/);
    } finally {
      await lab.close();
    }
  });

  it('was given up by the host', async () => {
    const clock = hurriedClock(20);
    const lab = await openLab({ containers: 'die' }, clock);
    try {
      const key = randomUUID();
      const running = lab.run('echo x', { key });
      await until('the session', () => lab.host.session(key) !== undefined);
      const session = lab.host.session(key);
      assert.ok(session !== undefined);
      lab.host.inbound(session, (db) => db.exec("UPDATE messages_in SET status = 'failed', tries = 5"));
      const { outcome } = await running;
      assert.equal(outcome.error?.code, 'agent_failed', JSON.stringify(outcome));
      assert.match(outcome.error.message, /gave up the task after 5 tries/);
    } finally {
      await lab.close();
    }
  });

  it('died at work: the next one takes the task again, and the run waits for it', async () => {
    const lab = await openLab({ sweepMs: 1_500 });
    try {
      const key = randomUUID();
      const sink = recorder();
      const running = lab.run('wait 1500 survived', { key }, sink);
      await until('the agent to work', () => lab.host.working.has(key));
      await lab.host.killContainer(key);
      const { outcome } = await running;
      assert.equal(outcome.text, 'survived');
      assert.equal(lab.host.effects.get(key), 2);
      assert.ok(statuses(sink).some((line) => line.includes('began anew')));
    } finally {
      await lab.close();
    }
  });

  it('goes on without its host, and is heard', async () => {
    const lab = await openLab();
    try {
      const key = randomUUID();
      const running = lab.run('wait 1200 heard', { key });
      await until('the agent to work', () => lab.host.working.has(key));
      await lab.host.closeDoors();
      assert.equal((await running).outcome.text, 'heard');
    } finally {
      await lab.close();
    }
  });

  it('has no way to answer: the reply is dropped, and that is a failure', async () => {
    const lab = await openLab({ version: '2.0.64' });
    try {
      lab.host.exec('DELETE FROM agent_destinations');
      const probe = await lab.adapter.probe(lab.target, { signal: AbortSignal.timeout(2_000) });
      assert.match(probe.problem?.message ?? '', /no destination for its answers/);
      const { outcome } = await lab.run('echo lost');
      assert.equal(outcome.status, 'failed');
    } finally {
      await lab.close();
    }
  });

  it('a wiring that somebody changed is named, and nothing is sent', async () => {
    const lab = await openLab();
    try {
      lab.host.exec("UPDATE messaging_group_agents SET session_mode = 'shared'");
      const key = randomUUID();
      const { outcome, sink } = await lab.run('echo x', { key });
      assert.equal(outcome.error?.code, 'agent_unreachable');
      assert.match(outcome.error.message, /must be engage_mode pattern, session_mode per-thread/);
      assert.ok(!sink.calls.includes('sent'));
    } finally {
      await lab.close();
    }
  });
});
