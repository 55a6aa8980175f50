// T02, cross-site requests: what a page of another site can make a browser send has no effect at any route.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROUTES } from '#api/contract/routes';
import { type Doors, openDoors } from '#api/doors.testsuite';
import { ALL_ROUTES, bodyOf, pathOf, TCP_ROUTES } from './requests.testsuite.ts';

let doors: Doors;
before(async () => {
  doors = await openDoors();
});
after(() => doors.close());

const send = async (
  headers: Record<string, string>,
  socketPath?: string,
): Promise<{ route: string; status: number }[]> => {
  const answers: { route: string; status: number }[] = [];
  for (const route of ALL_ROUTES.filter((each) => each !== 'events.stream')) {
    const body = bodyOf(route);
    const answer = await doors.ask({
      method: ROUTES[route].method,
      path: pathOf(route),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(socketPath === undefined ? {} : { socketPath }),
    });
    assert.equal(
      Object.keys(answer.headers).some((name) => name.startsWith('access-control-')),
      false,
    );
    if (answer.status === 403) assert.equal(answer.json()['code'], 'origin_refused');
    answers.push({ route, status: answer.status });
  }
  return answers;
};

describe('requests of other origins', () => {
  it('are refused at every route', async () => {
    const port = String(doors.port);
    const origins = [
      'null', 'http://evil.example', `http://evil.example:${port}`, `https://127.0.0.1:${port}`, 'http://127.0.0.1', 'http://localhost',
      `http://127.0.0.1:${port}/`, `HTTP://127.0.0.1:${port}`, `http://127.0.0.1:${port}.evil.example`, `http://[::1]:${port}`,
      `http://127.0.0.2:${port}`, `http://127.0.0.1:0${port}`, 'file://', 'chrome-extension://abc', `http://LOCALHOST:${port}`, '',
      `http://127.0.0.1:${port}, http://evil.example`, `http://127.0.0.1:${port} http://127.0.0.1:${port}`,
    ]; // prettier-ignore
    for (const origin of origins)
      for (const { route, status } of await send({ origin }))
        assert.equal(status, 403, `${origin} at ${route}`);
    for (const site of [
      'cross-site',
      'same-site',
      'Same-Origin',
      'same-origin, cross-site',
      '',
      'x'.repeat(500),
    ])
      for (const { route, status } of await send({ 'sec-fetch-site': site }))
        assert.equal(status, 403, `${site} at ${route}`);
    const both = await send({ origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' });
    for (const { status } of both) assert.equal(status, 403);
    assert.deepEqual(doors.engine.calls, []);
  });

  it('get no answer to a preflight that would let them in', async () => {
    for (const route of ALL_ROUTES) {
      const answer = await doors.ask({
        method: 'OPTIONS',
        path: pathOf(route),
        headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
      });
      assert.equal(answer.status, 403);
    }
  });

  it('do not even get through the socket with the daemon’s own origin', async () => {
    const answers = await send({ origin: `http://127.0.0.1:${String(doors.port)}` }, doors.socket);
    for (const { status } of answers) assert.equal(status, 403);
    assert.deepEqual(doors.engine.calls, []);
  });
});

describe('requests of our own pages, and of programs', () => {
  it('pass', async () => {
    const origin = `http://localhost:${String(doors.port)}`;
    for (const headers of [{ origin, 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}])
      for (const { route, status } of await send(headers)) assert.notEqual(status, 403, route);
  });
});

describe('the forms that a page may send without asking', () => {
  it('change nothing: mutations take JSON only', async () => {
    doors.engine.calls.length = 0;
    const types = [
      'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', 'text/plain; application/json',
      'application/json; charset=utf-16', 'application/jsonp', 'text/json', 'application/json, text/plain', 'application/problem+json', '',
    ]; // prettier-ignore
    for (const route of TCP_ROUTES.filter((each) => bodyOf(each) !== undefined))
      for (const type of types) {
        const answer = await doors.ask({
          method: 'POST',
          path: pathOf(route),
          headers: { 'content-type': type },
          body: JSON.stringify(bodyOf(route)),
        });
        assert.equal(answer.status, 415, `${type} at ${route}`);
      }
    assert.deepEqual(doors.engine.calls, []);
  });

  it('change nothing: GET and HEAD have no effect', async () => {
    for (const route of ALL_ROUTES.filter(
      (each) => ROUTES[each].method === 'GET' && each !== 'events.stream',
    ))
      for (const method of ['GET', 'HEAD']) await doors.ask({ method, path: pathOf(route) });
    assert.deepEqual(doors.engine.calls, []);
  });
});
