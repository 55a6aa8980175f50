// T01, DNS rebinding: no spelling of Host but the daemon's own reaches any route.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Doors, openDoors } from '#api/doors.testsuite';
import { ALL_ROUTES, bareRequest, statusesOf, wireRequest } from './requests.testsuite.ts';

let doors: Doors;
before(async () => {
  doors = await openDoors();
});
after(() => doors.close());

const NAMES = [
  'evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'evil.example@127.0.0.1', '127.0.0.1@evil.example',
  'LOCALHOST', 'Localhost', 'localhost.', '127.0.0.1.', '127.1', '127.0.1', '127.000.000.001', '0177.0.0.1', '0x7f.0.0.1',
  '0x7f000001', '2130706433', '017700000001', '127.0.0.2', '127.0.0.1%00', '127.0.0.1%2eevil', '%31%32%37.0.0.1', '0.0.0.0',
  '0', '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::1%25lo]', '::1', 'localhost6', 'ip6-localhost',
  'localhost.localdomain', 'agentmesh.local', 'host.docker.internal', '100.64.0.1', '192.168.0.1', 'http://127.0.0.1', '//127.0.0.1',
  '127.0.0.1,evil.example', 'evil.example, 127.0.0.1', '127.0.0.1;evil.example', '127.0.0.1 evil.example', '127。0。0。1', '１２７.0.0.1',
  'lоcalhost', '', '.', '*', 'null', '_', '127.0.0.1\\evil', "127.0.0.1'",
]; // prettier-ignore

const spellings = (port: number): string[] => {
  const right = String(port);
  const ports = ['', `:${right}`, ':80', `:0${right}`, `:${right}.`, `:+${right}`, `:${right}:${right}`];
  const own = new Set([`127.0.0.1:${right}`, `localhost:${right}`]);
  const all = [...NAMES, '127.0.0.1', 'localhost'].flatMap((name) => ports.map((end) => `${name}${end}`));
  return all.filter((host) => !own.has(host));
};

describe('the Host header', () => {
  it('must be one of ours, letter by letter: 200 spellings and more at every route', async () => {
    const hosts = spellings(doors.port);
    assert.ok(hosts.length >= 200);
    let answered = 0;
    for (const host of hosts) {
      // UTF-8 bytes as a browser of old might send them.
      const header = `Host: ${Buffer.from(host).toString('latin1')}`;
      const last = wireRequest('healthz', [header, 'Connection: close']);
      const wire = await doors.raw(ALL_ROUTES.map((route) => bareRequest(route, [header])).join('') + last);
      const statuses = statusesOf(wire);
      assert.ok(statuses.length > 0);
      for (const status of statuses)
        assert.ok(status === 421 || status === 400, `${host}: ${String(status)}`);
      assert.doesNotMatch(wire, /"log_id"|sweep-1|\brun-1\b/);
      answered += statuses.length;
    }
    assert.deepEqual(doors.engine.calls, []);
    assert.ok(
      answered > hosts.length * ALL_ROUTES.length * 0.8,
      `only ${String(answered)} requests were answered`,
    );
  });

  it('is refused at every route when it is missing or comes twice', async () => {
    const own = `Host: 127.0.0.1:${String(doors.port)}`;
    for (const route of ALL_ROUTES)
      for (const headers of [[], [own, own], [own, 'Host: evil.example'], ['Host: evil.example', own]]) {
        const wire = await doors.raw(wireRequest(route, [...headers, 'Connection: close']));
        assert.deepEqual(statusesOf(wire), [421], `${route} with ${String(headers.length)}`);
      }
    assert.deepEqual(statusesOf(await doors.raw('GET /healthz HTTP/1.0\r\n\r\n')), [421]);
    assert.deepEqual(doors.engine.calls, []);
  });

  it('cannot be overruled by a request target with another host, or by a forwarding header', async () => {
    const own = `Host: 127.0.0.1:${String(doors.port)}`;
    for (const target of ['http://evil.example/healthz', 'evil.example:80', '*', '//evil.example/healthz']) {
      const [status] = statusesOf(
        await doors.raw(wireRequest('healthz', [own, 'Connection: close'], target)),
      );
      assert.ok(status === 400 || status === 404, `${target}: ${String(status)}`);
    }
    for (const header of ['X-Forwarded-Host', 'Forwarded', 'X-Host', 'X-Original-Host']) {
      const value = header === 'Forwarded' ? `host=127.0.0.1:${String(doors.port)}` : own.slice(6);
      const wire = await doors.raw(
        wireRequest('healthz', ['Host: evil.example', `${header}: ${value}`, 'Connection: close']),
      );
      assert.deepEqual(statusesOf(wire), [421]);
    }
  });

  it('of the daemon is served, by both names', async () => {
    for (const name of ['127.0.0.1', 'localhost']) {
      const host = `Host: ${name}:${String(doors.port)}`;
      assert.deepEqual(
        statusesOf(await doors.raw(wireRequest('healthz', [host, 'Connection: close']))),
        [200],
      );
    }
  });
});
