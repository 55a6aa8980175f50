// fetch through doors: whole answers and cut ones, sockets and TCP, doors behind which nobody listens.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fetchThrough } from './http-fetch.ts';
import type { Door } from './locate.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-doors-'));
const socket: Door = { kind: 'socket', path: join(folder, 'daemon.sock') };
const nobody: Door = { kind: 'socket', path: join(folder, 'nobody.sock') };
const LONG = 'ä€😀'.repeat(100_000);

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.url === '/cut') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":');
    setImmediate(() => response.destroy());
  } else if (request.url === '/chunks-cut') {
    response.write('[1,');
    setImmediate(() => response.destroy());
  } else if (request.url === '/long') response.end(JSON.stringify(LONG));
  else if (request.url === '/empty') response.writeHead(204).end();
  else if (request.url === '/never') response.flushHeaders();
  else {
    const { host, connection } = request.headers;
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => response.end(JSON.stringify({ host, connection, method: request.method, body })));
  }
};

describe('fetch through a door', () => {
  const servers = [createServer(answer), createServer(answer), createServer(answer)] as const;
  let doors: readonly Door[] = [];

  before(async () => {
    const [first, second, third] = servers;
    first.listen(socket.path);
    second.listen(0, '127.0.0.1');
    third.listen(0, '::1');
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const port = (server: (typeof servers)[number]): number => (server.address() as AddressInfo).port;
    doors = [
      socket,
      { kind: 'tcp', url: `http://127.0.0.1:${String(port(second))}` },
      { kind: 'tcp', url: `http://[::1]:${String(port(third))}` },
    ];
  });
  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  test('asks as it is told, through a socket, IPv4 and IPv6, and keeps no connection', async () => {
    for (const door of doors) {
      const body = JSON.stringify({ text: LONG.slice(0, 1_000) });
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      const response = await fetchThrough(() => [door])('http://agentmesh/echo', init);
      const host = door.kind === 'tcp' ? new URL(door.url).host : 'localhost';
      assert.deepEqual(await response.json(), { host, connection: 'close', method: 'POST', body });
    }
  });

  test('a long answer arrives whole, characters that were cut between pieces included', async () => {
    const response = await fetchThrough(() => [socket])('http://agentmesh/long');
    assert.equal(await response.json(), LONG);
  });

  test('an answer without a body is empty', async () => {
    const response = await fetchThrough(() => [socket])('http://agentmesh/empty');
    assert.deepEqual([response.status, response.ok, await response.text()], [204, true, '']);
  });

  test('an answer that is cut is an error, however it is cut and whenever it is read', async () => {
    for (const path of ['/cut', '/chunks-cut']) {
      const response = await fetchThrough(() => [socket])(`http://agentmesh${path}`);
      await assert.rejects(response.text(), path);
      const late = await fetchThrough(() => [socket])(`http://agentmesh${path}`);
      // By now the cut has come, too.
      await (await fetchThrough(() => [socket])('http://agentmesh/long')).text();
      await assert.rejects(late.text(), path);
    }
  });

  test('a signal ends it, before the answer and while it is read', async () => {
    await assert.rejects(
      fetchThrough(() => [socket])('http://agentmesh/echo', { signal: AbortSignal.abort() }),
    );
    const stop = new AbortController();
    const response = await fetchThrough(() => [socket])('http://agentmesh/never', { signal: stop.signal });
    const text = response.text();
    stop.abort();
    await assert.rejects(text);
  });

  test('the next door is tried where nobody listens, and all are named when nobody does', async () => {
    const response = await fetchThrough(() => [nobody, socket])('http://agentmesh/empty');
    assert.equal(response.status, 204);
    const closed: Door = { kind: 'tcp', url: 'http://127.0.0.1:1' };
    await assert.rejects(
      fetchThrough(() => [nobody, closed])('http://agentmesh/empty'),
      /nothing listens at the socket .*nobody\.sock or http:\/\/127\.0\.0\.1:1/,
    );
  });
});
