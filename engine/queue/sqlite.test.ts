// The queue of one machine keeps the contract of the port.
import { pino } from 'pino';
import { nodePorts } from '../ports-node.ts';
import { testJobQueue } from './queue.testsuite.ts';
import { createSqliteQueue } from './sqlite.ts';

const { clock } = nodePorts(pino({ level: 'silent' }), {});

testJobQueue({
  driver: 'sqlite',
  open: (onError) => Promise.resolve(createSqliteQueue({ clock, onError })),
  // What it holds goes with the process; the outbox is its storage.
  clear: () => Promise.resolve(),
});
