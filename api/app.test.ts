// The whole table over real sockets: every route answers what its schema says, and every refusal is a problem.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ERRORS, isErrorCode, ProblemSchema } from '#machines/nouns/error';
import { ROUTES, type RouteId } from './contract/routes.ts';
import { SHAPES } from './contract/shapes.ts';
import { routesOf } from './guard/door.ts';
import { type Answer, type Doors, openDoors } from './doors.testsuite.ts';
import { routeProblems } from './route-problems.ts';

let doors: Doors;
before(async () => {
  doors = await openDoors();
  doors.engine.commit([{ run_id: 'r1', task_id: 't1', team_run_id: 'x1' }, { run_id: 'r2' }]);
});
after(() => doors.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const BODIES: Partial<Record<RouteId, unknown>> = {
  'events.append': { run_id: 'r3', kind: 'message', payload: { role: 'user', text: '\u2028' } },
  'agents.add': { url: 'http://127.0.0.1:9/card' },
  'agents.alias': { alias: 'reckoner' },
  'installs.plan': { kind: 'x' },
  'installs.apply': { kind: 'x' },
  'installs.undo': { kind: 'x' },
  'invocations.start': { to: 'calc', prompt: '1+1' },
  'approvals.decide': { decision: 'allow' },
  'templates.check': { text: 'kind: Team' },
  'team-runs.start': { template: { name: 'pipeline' } },
};
const PARAMS: Readonly<Record<string, string>> = {
  id: 'r1',
  name: 'calc',
  alias: 'reckoner',
  run_id: 'r1',
  team_run_id: 'x1',
  approval_id: 'a1',
};

const ask = (route: RouteId, over: Parameters<Doors['ask']>[0] = {}): Promise<Answer> => {
  const { method, path } = ROUTES[route];
  return doors.ask({
    method,
    path: path.replace(/:(\w+)/g, (_, name: string) => PARAMS[name] ?? ''),
    ...(method === 'POST' ? { headers: JSON_TYPE, body: JSON.stringify(BODIES[route] ?? {}) } : {}),
    ...over,
  });
};

const assertProblem = (answer: Answer, code: keyof typeof ERRORS): Record<string, unknown> => {
  const problem = ProblemSchema.parse(answer.json());
  assert.equal(problem.code, code);
  assert.equal(answer.status, ERRORS[code].status);
  assert.equal(problem.status, answer.status);
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
  return problem;
};

describe('every route of the table', () => {
  const answering = (Object.keys(ROUTES) as RouteId[]).filter(
    (route) => !['events.stream', 'verify', 'team-runs.resume'].includes(route),
  );
  for (const route of answering)
    for (const door of ['tcp', 'socket'] as const) {
      if (!routesOf({ kind: door }).includes(route)) continue;
      it(`${route} answers what its schema says (${door})`, async () => {
        const answer = await ask(route, door === 'socket' ? { socketPath: doors.socket } : {});
        if (!routesOf({ kind: door }).includes(route)) {
          assertProblem(answer, 'not_found');
          return;
        }
        assert.equal(answer.status, ROUTES[route].status, answer.text);
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
        assert.equal(answer.headers['x-powered-by'], undefined);
        assert.equal(answer.headers['etag'], undefined);
        assert.equal(
          Object.keys(answer.headers).some((name) => name.startsWith('access-control-')),
          false,
        );
        SHAPES[route].answer.parse(answer.status === 204 ? undefined : JSON.parse(answer.text));
      });
    }

  it('documents every problem that a refused request gets', async () => {
    const refused = await ask('team-runs.resume');
    const problem = assertProblem(refused, 'not_enabled');
    assert.deepEqual(problem['enabled'], ['pause', 'cancel']);
    const code = problem['code'];
    assert.ok(
      typeof code === 'string' && isErrorCode(code) && routeProblems('team-runs.resume').includes(code),
    );
  });

  it('shows nothing of a fault inside, and logs it', async () => {
    const answer = await ask('verify');
    assertProblem(answer, 'internal');
    assert.doesNotMatch(answer.text, /secret|TypeError|node:/);
    assert.equal(doors.faults.length, 1);
  });
});

describe('methods and paths', () => {
  it('answers 405 with every method of the path, and OPTIONS without any CORS header', async () => {
    const wrong = await doors.ask({ method: 'PUT', path: '/api/agents/calc' });
    assertProblem(wrong, 'method_not_allowed');
    assert.equal(wrong.headers.allow, 'DELETE, GET, HEAD, OPTIONS');
    const both = await doors.ask({ method: 'DELETE', path: '/api/templates/check' });
    assertProblem(both, 'method_not_allowed');
    assert.equal(both.headers.allow, 'GET, HEAD, OPTIONS, POST');
    const options = await doors.ask({ method: 'OPTIONS', path: '/api/events' });
    assert.equal(options.status, 204);
    assert.equal(options.headers.allow, 'GET, HEAD, OPTIONS, POST');
  });

  it('answers 404 to paths that only look like ours', async () => {
    for (const path of [
      '/',
      '/api',
      '/api/',
      '/api/events/',
      '/API/events',
      '/healthz/',
      '/api/agents//',
      '/console',
    ])
      assertProblem(await doors.ask({ path }), 'not_found');
  });

  it('answers HEAD like GET without its body, and opens no stream for it', async () => {
    const get = await doors.ask({ path: '/api/agents' });
    const head = await doors.ask({ method: 'HEAD', path: '/api/agents' });
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    const stream = await doors.ask({ method: 'HEAD', path: '/api/stream' });
    assert.equal(stream.status, 200);
    assert.equal(doors.streams.count, 0);
  });

  it('takes names with any letters, and a path that is not well formed is the client’s fault', async () => {
    assertProblem(await doors.ask({ path: '/api/agents/%E8%AE%A1%E7%AE%97' }), 'unknown_agent');
    assertProblem(await doors.ask({ path: '/api/agents/%zz' }), 'bad_request');
    assertProblem(await doors.ask({ path: '/api/agents/%1b' }), 'bad_request');
    assertProblem(await doors.ask({ path: '/api/invocations/unknown-1' }), 'unknown_run');
  });
});

describe('validation', () => {
  it('names each field that is wrong', async () => {
    const answer = await ask('invocations.start', { body: '{"to":"","prompt":"","extra":1}' });
    const { fields } = assertProblem(answer, 'bad_request');
    assert.deepEqual(
      (fields as { in: string; field: string }[]).map(({ in: place, field }) => `${place} ${field}`).sort(),
      ['body extra', 'body prompt', 'body to', 'body to'],
    );
  });

  it('refuses unknown and repeated query parameters, on every route', async () => {
    for (const route of routesOf({ kind: 'tcp' })) {
      const { path } = ROUTES[route];
      const here = path.replace(/:(\w+)/g, (_, name: string) => PARAMS[name] ?? '');
      const unknown = await ask(route, { path: `${here}?nobody_knows=1`, socketPath: doors.socket });
      const { fields } = assertProblem(unknown, 'bad_request');
      assert.deepEqual(
        (fields as { field: string }[]).map(({ field }) => field),
        ['nobody_knows'],
      );
    }
    assertProblem(await doors.ask({ path: '/api/events?limit=1&limit=2' }), 'bad_request');
    assertProblem(await doors.ask({ path: '/api/events?limit=1&__proto__=2' }), 'bad_request');
    assertProblem(await doors.ask({ path: '/api/events?limit=1001' }), 'bad_request');
    assertProblem(await doors.ask({ path: '/api/events?after_seq=1e1000' }), 'bad_request');
  });

  it('passes what was asked on to the engine, defaults filled in', async () => {
    const { calls } = doors.engine;
    calls.length = 0;
    await ask('discover');
    await ask('invocations.start', {
      headers: { ...JSON_TYPE, 'idempotency-key': 'k-1' },
      body: '{"to":"calc","prompt":"p","timeout_ms":5}',
    });
    await ask('team-runs.start', { body: '{"template":{"text":"x","origin":"here","commit":null}}' });
    await ask('team-runs.cancel', { body: '{"reason":"enough"}' });
    assert.deepEqual(
      calls.map(({ operation, ask: asked }) => [operation, asked]),
      [
        ['discovery.sweep', { waitMs: 5000 }],
        ['invocation.start', { to: 'calc', prompt: 'p', timeoutMs: 5, idempotencyKey: 'k-1' }],
        ['team_run.start', { template: { text: 'x', origin: 'here', commit: null }, inputs: {} }],
        ['team_run.cancel', { id: 'x1', reason: 'enough' }],
      ],
    );
  });

  it('takes an Idempotency-Key only where one means something', async () => {
    const key = { ...JSON_TYPE, 'idempotency-key': 'k' };
    assertProblem(await ask('discover', { headers: key }), 'bad_request');
    for (const bad of ['', 'a b', 'x'.repeat(256)])
      assertProblem(
        await ask('invocations.start', { headers: { ...JSON_TYPE, 'idempotency-key': bad } }),
        'bad_request',
      );
  });
});

describe('events', () => {
  it('answers pages as the stored lines, byte for byte, and tells of more', async () => {
    const { engine } = doors;
    engine.commit([
      { payload: { role: 'agent', text: '\u2028 "\\" é 計', nested: { z: 1, a: [1e21, -0.5] } } },
    ]);
    const lines = engine.rows.map(({ line }) => line);
    const all = await doors.ask({ path: '/api/events' });
    assert.equal(all.text, `[${lines.join(',')}]`);
    assert.equal(all.headers['x-log-id'], engine.events.logId);
    assert.equal(all.headers['x-next-seq'], undefined);
    const first = await doors.ask({ path: '/api/events?limit=1' });
    assert.equal(first.text, `[${lines[0] ?? ''}]`);
    assert.equal(first.headers['x-next-seq'], '1');
  });

  it('answers an append with the stored event, and hands the record on as it came', async () => {
    const { engine } = doors;
    const answer = await ask('events.append', { body: '{"run_id":"raw","odd":{"a":[null]}}' });
    assertProblem(answer, 'invalid_event');
    assert.deepEqual(engine.calls.at(-1)?.ask, { run_id: 'raw', odd: { a: [null] } });
    const stored = await ask('events.append');
    assert.equal(stored.status, 201);
    assert.equal(stored.text, engine.rows.at(-1)?.line);
  });

  it('traces by the id of a team run, a run or a task, and by nothing else', async () => {
    for (const id of ['x1', 'r1', 't1']) {
      const answer = await doors.ask({ path: `/api/trace/${id}` });
      assert.equal(answer.text, `[${doors.engine.rows[0]?.line ?? ''}]`);
    }
    assertProblem(await doors.ask({ path: '/api/trace/nobody' }), 'unknown_run');
  });
});

describe('agents that are programs, installations, or need settings', () => {
  it('are added through the socket only', async () => {
    for (const body of [
      '{"name":"sh","command":["/bin/sh"]}',
      '{"kind":"claw","dir":"/opt/claw"}',
      '{"kind":"claw","url":"http://127.0.0.1:9","settings":{"key":"/etc/shadow"}}',
    ]) {
      assertProblem(await ask('agents.add', { body }), 'forbidden');
      const local = await ask('agents.add', { body, socketPath: doors.socket });
      assert.equal(local.status, 201);
    }
  });

  it('are in exactly one place, a folder with its kind', async () => {
    for (const body of [
      '{"url":"http://127.0.0.1:9","dir":"/opt/claw","kind":"claw"}',
      '{"dir":"/opt/claw"}',
      '{"dir":"claw","kind":"claw"}',
      '{"kind":"claw"}',
    ])
      assertProblem(await ask('agents.add', { body, socketPath: doors.socket }), 'bad_request');
  });
});
