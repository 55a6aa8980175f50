// A program for mirror.test.ts: commits events into a data folder until a crash point ends it, telling each answer.
import { nodePorts } from '../ports-node.ts';
import { openStore } from '../store/open.ts';
import { createEventLog } from './append.ts';
import { databaseFile } from './files.ts';
import { openMirror } from './mirror.ts';

const silent = (): void => undefined;
const [dataDir = '', count = '0'] = process.argv.slice(2);
const ports = nodePorts({ debug: silent, info: silent, warn: silent, error: silent }, process.env);
const store = await openStore(databaseFile(dataDir), { synchronous: 'NORMAL' }, ports);
await openMirror(store, ports, dataDir);
const log = createEventLog(store, ports);
for (let n = 0; n < Number(count); n++) {
  const event = await store.writer.submit((tx) =>
    log.append(
      tx,
      { run_id: 'r', kind: 'message', payload: { role: 'agent', text: `nr ${n} 中` } },
      'engine',
    ),
  );
  process.stdout.write(`${event.id}\n`);
}
process.kill(process.pid, 'SIGKILL');
