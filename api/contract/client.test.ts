// The client against real doors and against servers that misbehave: errors by code, whole pages, a stream without gaps.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { MeshError } from '#machines/nouns/error';
import { eventLine, type EventV1 } from '#machines/nouns/event';
import { type Doors, openDoors } from '../doors.testsuite.ts';
import { createClient, type Client, type StreamState } from './client.ts';

const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port;
const some = (count: number, runId = 'run-1'): { run_id: string }[] =>
  Array.from({ length: count }, () => ({ run_id: runId }));
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const take = async (
  events: AsyncIterable<EventV1>,
  count: number,
  seen: EventV1[] = [],
): Promise<EventV1[]> => {
  for await (const event of events) if (seen.push(event) >= count) return seen;
  return seen;
};
const all = (events: AsyncIterable<EventV1>): Promise<EventV1[]> => take(events, Number.POSITIVE_INFINITY);
const code =
  (expected: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof MeshError, String(error));
    assert.equal(error.code, expected);
    return true;
  };

/** Something else at a port. */
const impostors: Server[] = [];
const impostor = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  impostors.push(server);
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return `http://127.0.0.1:${String(portOf(server))}`;
};

let doors: Doors;
let client: Client;
before(async () => {
  doors = await openDoors();
  client = createClient({ baseUrl: `${doors.baseUrl}/` });
});
after(() => doors.close());
afterEach(() => {
  for (const server of impostors.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

describe('call', () => {
  it('gives the answer, with parameters, query and body in their places', async () => {
    assert.equal((await client.call('agents.get', { params: { name: 'calc' } })).name, 'calc');
    assert.equal((await client.call('events.list', { query: { limit: 1, kind: undefined } })).length, 0);
    await client.call('agents.remove', { params: { name: 'a/b c' } });
    assert.deepEqual(doors.engine.calls.at(-1)?.ask, 'a/b c');
    await client.call('invocations.start', { body: { to: 'calc', prompt: 'p' }, idempotencyKey: 'k' });
    assert.deepEqual(doors.engine.calls.at(-1)?.ask, { to: 'calc', prompt: 'p', idempotencyKey: 'k' });
    for (const id of ['', '.', '..'])
      await assert.rejects(
        client.call('team-runs.get', { params: { team_run_id: id } }),
        code('bad_request'),
      );
  });

  it('throws the problem’s code, detail and further members', async () => {
    await assert.rejects(client.call('agents.get', { params: { name: 'calk' } }), (error) => {
      code('unknown_agent')(error);
      assert.ok(error instanceof MeshError);
      assert.deepEqual(error.extra, { suggestions: ['calc'] });
      return true;
    });
    await assert.rejects(client.call('invocations.get', { params: { run_id: '' } }), code('bad_request'));
    await assert.rejects(client.call('trace.get'), code('bad_request'));
  });

  it('says daemon_unreachable when nobody, or somebody else, answers', async () => {
    const gone = await impostor(() => undefined);
    impostors.splice(0).forEach((server) => server.close());
    const html = await impostor((_, response) => response.end('<html>'));
    const proxy = await impostor((_, response) => response.writeHead(502).end('{"error":"bad gateway"}'));
    const elsewhere = await impostor((_, response) =>
      response.writeHead(302, { location: doors.baseUrl }).end(),
    );
    const breaks = await impostor((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      setImmediate(() => response.destroy());
    });
    for (const baseUrl of [gone, html, proxy, elsewhere, breaks])
      await assert.rejects(createClient({ baseUrl }).call('healthz'), code('daemon_unreachable'));
  });

  it('rejects with the signal’s reason when aborted', async () => {
    const silent = await impostor(() => undefined);
    const abort = new AbortController();
    const asked = createClient({ baseUrl: silent }).call('healthz', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
  });

  it('goes through the fetch that it was given', async () => {
    const urls: string[] = [];
    const own = createClient({
      baseUrl: '',
      fetch: (input) => {
        urls.push(input as string);
        return Promise.resolve(Response.json([]));
      },
    });
    assert.deepEqual(await own.call('agents.list'), []);
    assert.deepEqual(urls, ['/api/agents']);
  });
});

describe('pages', () => {
  it('are read to the end, for events and for traces', async () => {
    doors.engine.commit([...some(2_100, 'long'), ...some(3, 'short')]);
    const lines = doors.engine.rows.map(({ line }) => line);
    assert.deepEqual((await all(client.events({}))).map(eventLine), lines);
    assert.deepEqual(
      (await all(client.trace('long'))).map(({ seq }) => seq),
      range(1, 2_100),
    );
    const rest = await all(client.events({ scope: { run_id: 'short' }, afterSeq: 2_101 }));
    assert.deepEqual(
      rest.map(({ seq }) => seq),
      [2_102, 2_103],
    );
    await assert.rejects(all(client.trace('nobody')), code('unknown_run'));
  });

  it('of two logs are never joined', async () => {
    let page = 0;
    const baseUrl = await impostor((_, response) => {
      page += 1;
      response
        .setHeader('x-log-id', `log-${String(page)}`)
        .setHeader('x-next-seq', String(page))
        .end('[]');
    });
    await assert.rejects(all(createClient({ baseUrl }).events({})), code('other_log'));
  });
});

/** Forwards to the daemon, and can cut what it forwards: a network that comes and goes. */
const openWire = async (
  target: () => number,
): Promise<{ baseUrl: string; cut(): void; close(): Promise<unknown> }> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((inner) => {
    const outer = connect(target(), '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          inner.destroy();
          outer.destroy();
        });
    }
    // The doors know themselves by their own port.
    inner.once('data', (head: Buffer) => {
      outer.write(
        head.toString('latin1').replace(/^host: .*$/im, `host: 127.0.0.1:${String(target())}`),
        'latin1',
      );
      inner.pipe(outer);
    });
    outer.pipe(inner);
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    baseUrl: `http://127.0.0.1:${String(portOf(server))}`,
    cut,
    close: () => {
      const closed = once(server.close(), 'close');
      cut();
      return closed;
    },
  };
};

describe('stream', () => {
  it('sees every event once, in order, through cut connections', async () => {
    const here = await openDoors();
    const wire = await openWire(() => here.port);
    const abort = new AbortController();
    const states: StreamState[] = [];
    const seen: EventV1[] = [];
    const following = take(
      createClient({ baseUrl: wire.baseUrl }).stream({
        afterSeq: 0,
        signal: abort.signal,
        onState: (state) => {
          states.push(state);
          // Cut at greeting too, three times.
          if (state === 'live' && states.filter((each) => each === 'live').length <= 3)
            setImmediate(wire.cut);
        },
      }),
      900,
      seen,
    );
    for (let i = 0; i < 300; i += 1) {
      here.engine.commit(some(3));
      if (i % 60 === 59) wire.cut();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await following;
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      range(1, 900),
    );
    assert.deepEqual(
      seen.map(eventLine),
      here.engine.rows.map(({ line }) => line),
    );
    assert.deepEqual(states.slice(0, 3), ['connecting', 'live', 'lost']);
    await wire.close();
    await here.close();
  });

  it('waits for a daemon that is not there yet, and for one that is full', async () => {
    const here = await openDoors({ streamLimit: 1 });
    let port = 1;
    const wire = await openWire(() => port);
    const states: StreamState[] = [];
    const taken = new AbortController();
    const first = take(
      createClient({ baseUrl: here.baseUrl }).stream({ afterSeq: 0, signal: taken.signal }),
      2,
    );
    const second = take(
      createClient({ baseUrl: wire.baseUrl }).stream({
        afterSeq: 0,
        signal: taken.signal,
        onState: (state) => {
          states.push(state);
          if (states.length === 2) port = here.port;
          // Refused for want of a place: now the first one leaves.
          if (states.length === 4) here.engine.commit(some(2));
        },
      }),
      2,
    );
    assert.deepEqual(
      (await first).map(({ seq }) => seq),
      [1, 2],
    );
    assert.deepEqual(
      (await second).map(({ seq }) => seq),
      [1, 2],
    );
    assert.deepEqual(states.slice(0, 4), ['connecting', 'lost', 'connecting', 'lost']);
    await wire.close();
    await here.close();
  });

  it('tells of another log and begins at its start, or throws when nobody listens for that', async () => {
    const here = await openDoors();
    here.engine.commit(some(5));
    const old = here.engine.events.logId;
    const resets: unknown[] = [];
    const abort = new AbortController();
    const seen: EventV1[] = [];
    for await (const event of createClient({ baseUrl: here.baseUrl }).stream({
      afterSeq: 3,
      signal: abort.signal,
      onReset: (reset) => resets.push({ ...reset, after: seen.map(({ seq }) => seq) }),
    })) {
      seen.push(event);
      if (seen.length === 2) {
        here.engine.replaceLog();
        here.engine.commit(some(3), 'later');
        here.cut();
      }
      if (seen.length === 5) break;
    }
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      [4, 5, 1, 2, 3],
    );
    assert.deepEqual(resets, [{ logId: here.engine.events.logId, head: 3, after: [4, 5] }]);
    const unaware = createClient({ baseUrl: here.baseUrl }).stream({
      afterSeq: 1,
      logId: old,
      signal: abort.signal,
    });
    await assert.rejects(all(unaware), code('other_log'));
    await here.close();
  });

  it('ends without an error when aborted, wherever it is', async () => {
    const here = await openDoors();
    const nobody = await impostor(() => undefined);
    for (const baseUrl of [here.baseUrl, nobody, 'http://127.0.0.1:1']) {
      const abort = new AbortController();
      const states: StreamState[] = [];
      const reading = all(
        createClient({ baseUrl }).stream({
          signal: abort.signal,
          onState: (state) => {
            states.push(state);
            if (states.length === 1 || state === 'live')
              setTimeout(() => {
                abort.abort();
              }, 20);
          },
        }),
      );
      assert.deepEqual(await reading, []);
    }
    const already = all(client.stream({ signal: AbortSignal.abort() }));
    assert.deepEqual(await already, []);
    await here.close();
  });

  it('gives its place back when the reader leaves', async () => {
    const here = await openDoors();
    here.engine.commit(some(1));
    await take(
      createClient({ baseUrl: here.baseUrl }).stream({ afterSeq: 0, signal: new AbortController().signal }),
      1,
    );
    while (here.streams.count > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await here.close();
  });

  it('ends with the problem when asking again would change nothing', async () => {
    const { signal } = new AbortController();
    const wrong = client.stream({ filter: { kind: 'nothing' as 'error' }, signal });
    await assert.rejects(all(wrong), code('bad_request'));
  });

  it('drops doubles, asks again at a gap, and says so when the gap stays', async () => {
    const event = (seq: number): string => `id: ${String(seq)}\ndata: ${JSON.stringify({ seq })}\n\n`;
    const hello = 'event: hello\ndata: {"log_id":"l","head":9}\n\n';
    const asked: string[] = [];
    const answers = [
      `${event(1)}${event(1)}${event(2)}${event(4)}`,
      event(3) + event(2) + event(4),
      event(6),
      event(6),
    ];
    const baseUrl = await impostor((request, response) => {
      asked.push(request.headers['last-event-id'] as string);
      response.setHeader('content-type', 'text/event-stream').end(hello + (answers.shift() ?? ''));
    });
    const seen: EventV1[] = [];
    const { signal } = new AbortController();
    await assert.rejects(
      take(createClient({ baseUrl }).stream({ afterSeq: 0, signal }), 99, seen),
      code('internal'),
    );
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
    assert.deepEqual(asked, ['0', '2', '4', '4']);
  });

  it('remembers a cursor that moved past filtered rows', async () => {
    const asked: (string | undefined)[] = [];
    const abort = new AbortController();
    const baseUrl = await impostor((request, response) => {
      asked.push(request.headers['last-event-id'] as string | undefined);
      if (asked.length === 3) abort.abort();
      response.setHeader('content-type', 'text/event-stream');
      response.end('event: hello\ndata: {"log_id":"l","head":4}\n\nid: 7\n\n:\n\n');
    });
    const options = { filter: { run_id: 'r' }, signal: abort.signal };
    assert.deepEqual(await all(createClient({ baseUrl }).stream(options)), []);
    assert.deepEqual(asked, [undefined, '7', '7']);
  });
});
