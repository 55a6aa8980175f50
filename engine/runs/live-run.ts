// A team run in memory, and the events that come to it.
import type { HostedEvent, RunSnapshot } from '#machines/team-run/host';
import type { LibraryEntry } from './machine-library.ts';
import type { TeamRunRow } from './rows.ts';

/** A run as it is while events come: its row's fixed part, its machine and its latest snapshot. */
export interface LiveRun {
  readonly row: TeamRunRow;
  readonly entry: LibraryEntry;
  readonly snapshot: RunSnapshot;
  readonly lastAt: number;
}

type WithoutAt<E> = E extends { readonly at: number } ? Omit<E, 'at'> : never;
/** A machine event before the engine has given it its time. */
export type Incoming = WithoutAt<HostedEvent>;
