// `agentmeshd rebuild`: a new database from events.jsonl, offline, under the lock of the data folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodePorts, rebuildDatabase, type RebuildReport } from '#engine/index';
import { MeshError } from '#machines/nouns/error-codes';
import { DEFAULT_PORT, FILES } from '../contract/address.ts';
import { livingSupervisor } from './info.ts';
import { daemonRunning, takeLock } from './lock.ts';
import { openLog } from './log.ts';
import { refuseOlderOnFolder } from './older.ts';

/**
 * Rebuilds the database of a folder that no daemon runs on. Warnings go to its log and, in lines, to `write`.
 * @throws MeshError not_found without a log, daemon_running, older_daemon, data_newer, storage_failed
 */
export const rebuildFolder = async (
  dataDir: string,
  write: (text: string) => void,
): Promise<RebuildReport> => {
  const events = join(dataDir, FILES.events);
  if (!existsSync(events)) throw new MeshError('not_found', `There is no log to rebuild from: ${events}`);
  const lock = takeLock(dataDir);
  try {
    if (livingSupervisor(dataDir) !== null)
      throw daemonRunning(dataDir, ' (it is starting its worker again)');
    await refuseOlderOnFolder(dataDir, DEFAULT_PORT);
    const log = openLog(join(dataDir, FILES.log), 'warn', { write, colour: false });
    try {
      return await rebuildDatabase({ dataDir, synchronous: 'FULL' }, nodePorts(log.logger, process.env));
    } finally {
      log.close();
    }
  } finally {
    lock.release();
  }
};
