// The queue on Redis keeps the contract of the port.
import { after, before } from 'node:test';
import { pino } from 'pino';
import { nodePorts } from '../../ports-node.ts';
import { meshKeyOf } from '../mesh-key.ts';
import { QUEUE_NAMES } from '../queue.ts';
import { testJobQueue } from '../queue.testsuite.ts';
import { readRedisUrl } from '../redis/address.ts';
import { createLink, type Link } from '../redis/link.ts';
import { hasRedisServer, RedisServer } from '../redis/redis.testserver.ts';
import { createBeeQueue } from './driver.ts';

const ports = nodePorts(pino({ level: 'silent' }), {});

if (hasRedisServer()) {
  let server: RedisServer;
  const links: Link[] = [];
  before(async () => {
    server = await RedisServer.start();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  testJobQueue({
    driver: 'bee-queue',
    open: async (onError) => {
      const prefix = 'test';
      const link = createLink({ address: readRedisUrl(server.url, 'url'), prefix, ports });
      links.push(link);
      const key = meshKeyOf(new Uint8Array(32).fill(1));
      const queue = createBeeQueue({
        link,
        key,
        prefix,
        queues: QUEUE_NAMES,
        ports,
        onError,
        isOpen: () => true,
      });
      link.begin();
      return queue;
    },
    clear: async () => {
      for (const link of links.splice(0)) link.close();
      await server.command('FLUSHALL');
    },
  });
}
