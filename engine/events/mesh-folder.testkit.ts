// A data folder with its log open, for tests: started, stopped and looked at as the daemon would.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventDraft, EventSource, EventV1 } from '#machines/nouns/event';
import type { VerifyReport } from '../engine.ts';
import type { Ports } from '../ports.ts';
import { openStore, type Store } from '../store/open.ts';
import { createEventLog, type EventLog } from './append.ts';
import { testPorts } from './arbitraries.ts';
import { databaseFile, eventsFile, rejectedFile } from './files.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { verify } from './verify.ts';

export interface RunningLog {
  readonly store: Store;
  readonly mirror: Mirror;
  readonly log: EventLog;
  append(draft: EventDraft, source?: EventSource): Promise<EventV1>;
  verify(): Promise<VerifyReport>;
  stop(): Promise<void>;
}

export class MeshFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'mesh-events-'));
  readonly events = eventsFile(this.path);
  readonly rejected = rejectedFile(this.path);
  readonly database = databaseFile(this.path);
  readonly #running = new Set<RunningLog>();

  async start(over: Partial<Ports> = {}, database = this.database): Promise<RunningLog> {
    const ports = testPorts(over);
    const store = await openStore(database, { synchronous: 'NORMAL' }, ports);
    const mirror = await openMirror(store, ports, this.path);
    const log = createEventLog(store, ports);
    const running: RunningLog = {
      store,
      mirror,
      log,
      append: (draft, source = 'engine') => store.writer.submit((tx) => log.append(tx, draft, source)),
      verify: () => verify(store, ports, this.path, mirror),
      stop: async () => {
        if (!this.#running.delete(running)) return;
        await mirror.close();
        store.close();
      },
    };
    this.#running.add(running);
    return running;
  }

  lines(): string[] {
    return readFileSync(this.events, 'utf8').split('\n').slice(0, -1);
  }

  async remove(): Promise<void> {
    for (const running of [...this.#running]) await running.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The rows of a table, as far as they are facts of the log. */
export const tableOf = (store: Store): unknown[] =>
  store.db
    .prepare(
      'SELECT seq, id, at, run_id, kind, task_id, team_run_id, agent, state, line FROM events ORDER BY seq',
    )
    .all();
