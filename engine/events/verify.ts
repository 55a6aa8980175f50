// The cross-check: every row of the table has its line in events.jsonl, and every line its row. It heals nothing.
import type { VerifyReport } from '../engine.ts';
import type { Disk } from '../ports.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import { eventsFile } from './files.ts';
import { readLines } from './lines.ts';
import { LineMatcher } from './matcher.ts';
import type { Mirror } from './mirror.ts';
import type { SeqSet } from './seq-set.ts';

/** Lines or rows looked at between two turns of the event loop: others are served meanwhile. */
const CHUNK = 500;
/** Of each list at most so many entries are reported: a log that was wiped would fill the memory otherwise. */
const REPORTED_MOST = 100_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Seqs from 1 to `head` that have no line; those that have no row either among them. */
const lostSeqs = async (
  store: Store,
  found: SeqSet,
  head: number,
): Promise<{ lost: number[]; rows: number }> => {
  const next = statement<{ after: number; head: number }>()(store.db, (k) =>
    k
      .selectFrom('events')
      .select('seq')
      .where('seq', '>', param<number>('after'))
      .where('seq', '<=', param<number>('head'))
      .orderBy('seq')
      .limit(CHUNK),
  );
  const lost: number[] = [];
  let rows = 0;
  let expected = 1;
  const lose = (seq: number): void => {
    if (lost.length < REPORTED_MOST) lost.push(seq);
  };
  for (;;) {
    const page = next.all({ after: expected - 1, head });
    for (const { seq } of page) {
      for (; expected < seq; expected++) lose(expected);
      if (!found.has(seq)) lose(seq);
      expected = seq + 1;
    }
    rows += page.length;
    if (page.length < CHUNK) break;
    await turn();
  }
  for (; expected <= head; expected++) lose(expected);
  return { lost, rows };
};

/**
 * Compares table and file line by line, up to the head and the size of now; the daemon goes on meanwhile.
 * Our lines must be equal byte for byte, those of others by what they were promoted to. A line of ours that stands
 * twice counts as wrong, a line that is no event does not: it is reported.
 */
export const verify = async (
  store: Store,
  ports: { readonly disk: Disk },
  dataDir: string,
  mirror: Pick<Mirror, 'settle' | 'healed'>,
): Promise<VerifyReport> => {
  await mirror.settle();
  const head = store.writer.head;
  const path = eventsFile(dataDir);
  const matcher = new LineMatcher(store.db, 0);
  const unindexed: number[] = [];
  const rejected: { offset: number; reason: string }[] = [];
  let [seen, lines, doubled, unknown] = [0, 0, 0, 0];
  const reject = (offset: number, reason: string): void => {
    if (rejected.length < REPORTED_MOST) rejected.push({ offset, reason });
  };
  if (ports.disk.exists(path)) {
    const file = ports.disk.openAppend(path);
    try {
      for (const raw of readLines(file, 0, file.size())) {
        const match = matcher.match(raw);
        if (match.is === 'broken') reject(raw.offset, match.reason);
        if (match.is === 'doubled') {
          doubled += 1;
          reject(raw.offset, `seq ${match.seq} stands here again`);
        }
        if (match.is === 'own' || match.is === 'foreign') {
          unknown += 1;
          if (unindexed.length < REPORTED_MOST) unindexed.push(raw.offset);
        }
        if (raw.length > 0) lines += 1;
        seen += 1;
        if (seen % CHUNK === 0) await turn();
      }
    } finally {
      file.close();
    }
  }
  const { lost, rows } = await lostSeqs(store, matcher.found, head);
  return {
    ok: lost.length === 0 && unknown === 0 && doubled === 0,
    table_events: rows,
    file_lines: lines,
    lost,
    unindexed,
    rejected,
    healed: mirror.healed(),
  };
};
