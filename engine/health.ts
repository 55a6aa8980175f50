// How the engine is, for health: what works, what does not and why, and who is there.
import type { SourceState } from '#machines/nouns/discovery';

export interface MirrorState {
  readonly ok: boolean;
  /** Events committed but not yet in the file. */
  readonly lag: number;
  readonly problem: string | null;
}

/** A worker on another host, as the daemon sees it. */
export interface WorkerState {
  readonly name: string;
  readonly host: string;
  readonly version: string;
  /** Kinds and names of agents. */
  readonly serves: readonly string[];
  /** Calls that it has now. */
  readonly calls: number;
}

export interface Health {
  readonly status: 'ok' | 'degraded' | 'stopping';
  readonly version: string;
  readonly log_id: string;
  readonly head_seq: number;
  readonly mirror: MirrorState;
  readonly problems: readonly string[];
  readonly queue: {
    /** sqlite: in this process; bee-queue: through Redis. */
    readonly driver: string;
    /** Why jobs wait that could be done. */
    readonly problem: string | null;
    readonly waiting: number;
    /** Jobs that Redis handed over and that were not taken: not signed, expired, or done before. */
    readonly dropped: number;
  };
  /** How well each source of agents does. One that cannot look does not make the daemon degraded. */
  readonly discovery: readonly SourceState[];
  /** Workers on other hosts that are there. */
  readonly workers: readonly WorkerState[];
  readonly counts: {
    readonly agents: number;
    readonly invocations_active: number;
    readonly team_runs_active: number;
    /** Questions of agents that wait for a person. */
    readonly approvals_pending: number;
  };
  readonly uptime_ms: number;
}
