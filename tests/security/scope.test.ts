// Nothing that a request says about its own rights counts: the door alone decides who asks and what exists.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { loopbackCaller, socketCaller } from '#engine/index';
import { ROUTES } from '#api/contract/routes';
import { type Answer, type Doors, openDoors } from '#api/doors.testsuite';
import { authorize } from '#api/guard/authorize';
import { routesOf } from '#api/guard/door';
import { RISKS, ROLES, roleIncludes } from '#machines/nouns/audit';
import { MeshError } from '#machines/nouns/error';
import { ALL_ROUTES, bodyOf, pathOf, TCP_ROUTES } from './requests.testsuite.ts';

let doors: Doors;
before(async () => {
  doors = await openDoors();
});
after(() => doors.close());

const WORDS = [
  'role',
  'roles',
  'scope',
  'scopes',
  'caller',
  'authority',
  'risk',
  'owner',
  'admin',
  'kind',
  'source',
  'trusted',
];
const HEADERS = [
  ...WORDS.flatMap((word) => [word, `x-${word}`, `x-agentmesh-${word}`, `x-openclaw-${word}`]),
  'authorization', 'proxy-authorization', 'cookie', 'x-forwarded-for', 'x-forwarded-user', 'x-forwarded-proto', 'forwarded', 'x-real-ip',
  'x-http-method-override', 'x-original-url', 'x-rewrite-url', 'tailscale-user-login', 'tailscale-user-name', 'x-remote-user', 'via', 'from',
]; // prettier-ignore
const VALUES = ['owner', 'Bearer owner', 'socket', 'uid:0', '["authority"]', 'DELETE', '127.0.0.1'];

const ask = (
  route: (typeof ALL_ROUTES)[number],
  {
    headers = {},
    query = '',
    body = bodyOf(route),
  }: { headers?: Record<string, string>; query?: string; body?: unknown },
): Promise<Answer> =>
  doors.ask({
    method: ROUTES[route].method,
    path: `${pathOf(route)}${query}`,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const MUTATIONS = TCP_ROUTES.filter((route) => ROUTES[route].risk !== 'read' && route !== 'team-runs.resume');

describe('a request that claims rights', () => {
  it('by a header is the same request without it', async () => {
    for (const [index, route] of MUTATIONS.entries()) {
      doors.engine.calls.length = 0;
      const plain = await ask(route, {});
      const [before_] = doors.engine.calls;
      for (const [turn, header] of HEADERS.entries()) {
        const value = VALUES[(index + turn) % VALUES.length] ?? '';
        const answer = await ask(route, { headers: { [header]: value } });
        assert.equal(answer.status, plain.status);
        // Events get an id and a seq of their own.
        if (route !== 'events.append') assert.equal(answer.text, plain.text);
        assert.deepEqual(doors.engine.calls.at(-1), before_, `${header} at ${route}`);
        assert.equal(answer.headers['set-cookie'], undefined);
      }
      assert.deepEqual(before_?.caller, loopbackCaller(''));
    }
  });

  it('by a query parameter or a field is refused', async () => {
    for (const route of TCP_ROUTES.filter((each) => each !== 'events.append'))
      for (const word of WORDS) {
        doors.engine.calls.length = 0;
        const body = bodyOf(route);
        const answers = [
          ...(word === 'kind' && ROUTES[route].path.startsWith('/api/') && body === undefined
            ? []
            : [await ask(route, { query: `?${word}=owner` })]),
          ...(body === undefined || (route === 'agents.add' && word === 'kind')
            ? []
            : [await ask(route, { body: { ...body, [word]: 'owner' } })]),
        ];
        for (const answer of answers) assert.equal(answer.status, 400, `${word} at ${route}`);
        assert.deepEqual(doors.engine.calls, []);
      }
  });

  it('by any mixture of headers is still a program on loopback (property)', async () => {
    const name = fc.oneof(
      fc.constantFrom(...HEADERS),
      fc.stringMatching(/^[a-z][a-z-]{2,12}$/).map((text) => `x-${text}`),
    );
    const value = fc.oneof(fc.constantFrom(...VALUES), fc.stringMatching(/^[!-~]{0,20}$/));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: true }), async (headers) => {
        doors.engine.calls.length = 0;
        await ask('discover', { headers });
        assert.deepEqual(doors.engine.calls[0]?.caller, loopbackCaller(''));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the doors', () => {
  it('make the socket the owner and TCP less, whatever the User-Agent says', async () => {
    doors.engine.calls.length = 0;
    const headers = { 'content-type': 'application/json', 'user-agent': 'owner\tuid:0 '.padEnd(500, 'x') };
    const sent = { method: 'POST', path: '/api/discover', headers, body: '{}' };
    await doors.ask(sent);
    await doors.ask({ ...sent, socketPath: doors.socket });
    const [tcp, socket] = doors.engine.calls.map(({ caller }) => caller);
    assert.equal(tcp?.kind, 'loopback');
    assert.equal(tcp.role, 'approver');
    assert.ok(tcp.detail.length <= 200 && /^[\x20-\x7e]*$/.test(tcp.detail));
    assert.deepEqual(socket, socketCaller(`uid:${String(process.getuid?.())}`));
  });

  it('have no authority route on TCP, and all routes on the socket', async () => {
    assert.deepEqual(routesOf({ kind: 'socket' }), ALL_ROUTES);
    const risks: readonly string[] = routesOf({ kind: 'tcp' }).map((route) => ROUTES[route].risk);
    assert.equal(risks.includes('authority'), false);
    for (const route of ALL_ROUTES.filter((each) => !routesOf({ kind: 'tcp' }).includes(each)))
      assert.equal((await ask(route, {})).status, 404);
  });

  it('let a caller do what its role includes and nothing else: every cell of the table', () => {
    for (const risk of RISKS)
      for (const role of ROLES)
        for (const caller of [loopbackCaller(''), socketCaller('')]) {
          const may = roleIncludes(caller.role, role) && (risk !== 'authority' || caller.kind === 'socket');
          const attempt = (): void => {
            authorize(caller, { risk, role });
          };
          if (may) attempt();
          else assert.throws(attempt, (error) => error instanceof MeshError && error.code === 'forbidden');
        }
  });
});
