// The real clock, disk and guarded network as ports, for tests of adapters.
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { createNet } from '../net/net.ts';
import { nodeDisk } from '../ports-node.ts';
import type { Clock, Ports } from '../ports.ts';

const clock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

export const testPorts: Pick<Ports, 'clock' | 'net' | 'disk' | 'ids' | 'log'> = {
  clock,
  net: createNet({ clock }),
  disk: nodeDisk,
  ids: { uuidv7: randomUUID },
  log: pino({ level: 'silent' }),
};
