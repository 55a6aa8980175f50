// What the engine offers, as the api sees it. createEngine in index.ts makes one.
import type { Agent, AgentEntry } from '#machines/nouns/agent';
import type { Approval, ApprovalState, Decision } from '#machines/nouns/approval';
import type { AuditRow } from '#machines/nouns/audit';
import type { EventFilter, EventV1 } from '#machines/nouns/event';
import type { AskedBy, AskedMessage, Origin } from '#machines/nouns/origin';
import type { Chart, Invocation, TeamRun, TeamRunStatus, TeamRunSummary } from '#machines/nouns/run';
import type { TeamTemplate } from '#machines/nouns/team';
import type { Installation, InstallPlanView, InstallReport } from '#machines/nouns/install';
import type { DiscoverySettings } from './discovery/sources.ts';
import type { Health } from './health.ts';
import type { Caller } from './identity/caller.ts';
import type { RedisChoice } from './queue/queue.ts';
import type { Said, StepAnswer } from './runs/told.ts';

export type { Health, MirrorState, WorkerState } from './health.ts';

/** A page of events: lines as stored (JSON without newline), ascending by seq. */
export interface EventPage {
  readonly lines: readonly string[];
  /** seq of the last row looked at: the cursor for the next page. */
  readonly nextSeq: number;
  readonly more: boolean;
}

/** One delivery to a subscriber: `line` is the stored JSON. */
export interface EventRow {
  readonly seq: number;
  readonly line: string;
  readonly event: EventV1;
}

export interface Subscription {
  close(): void;
}

export interface EventsApi {
  /** Idempotent append from outside (source client). Accepts EventV1 and legacy shapes; seq and source are ignored. */
  append(caller: Caller, record: unknown): Promise<EventV1>;
  /** Rows after `afterSeq` that fit, at most `limit`. Synchronous: SQLite reads are. */
  page(filter: EventFilter, afterSeq: number, limit: number): EventPage;
  /** Calls back with each batch committed from now on, whole (unfiltered), in seq order, after its COMMIT. */
  subscribe(onBatch: (rows: readonly EventRow[]) => void): Subscription;
  /** What an id names in the log, for traces; null when nothing does. */
  scopeOf(id: string): 'team_run_id' | 'run_id' | 'task_id' | null;
  /** seq of the last committed event; 0 for an empty log. */
  head(): number;
  /** Names this log; a cursor of another log means nothing here. */
  readonly logId: string;
}

/** By which door and on whose behalf an agent asks for a team run. */
export interface Asked {
  readonly via: AskedBy['via'];
  readonly origin: Origin;
  readonly contextId?: string;
  /** The asker’s own id of its message. */
  readonly messageId?: string;
  /** What came with the request; agents are told of it. */
  readonly message?: AskedMessage;
}

/** What `verify` found. `lost` are seqs of the table that the file lacks or that differ. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly table_events: number;
  readonly file_lines: number;
  readonly lost: readonly number[];
  /** Lines of the file that the table lacks, by byte offset. */
  readonly unindexed: readonly number[];
  readonly rejected: readonly { readonly offset: number; readonly reason: string }[];
  /** Put right when the daemon started, counted apart. */
  readonly healed: {
    readonly appended_to_file: number;
    readonly indexed_from_file: number;
    readonly torn_tail_bytes: number;
  };
}

export interface TemplateSummary {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly hash: string;
  readonly steps: readonly string[];
  readonly inputs: TeamTemplate['inputs'];
  /** Media types of the files that a request may bring; null where the template says nothing. */
  readonly input_modes: readonly string[] | null;
  readonly problems: number;
}

export interface TemplateProblem {
  readonly code: 'invalid_template' | 'not_supported_yet';
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
}

export interface TemplateCheck {
  readonly name: string | null;
  readonly hash: string;
  readonly ok: boolean;
  readonly problems: readonly TemplateProblem[];
  /** Attempts at worst, and the wall time at worst in milliseconds. */
  readonly worst_case: { readonly invocations: number; readonly wall_ms: number } | null;
}

/** A template by name (the daemon looks it up), or by its text with the place it was read from. */
export type TemplateSource =
  | { readonly name: string }
  | { readonly text: string; readonly origin: string; readonly commit?: string | null };

export interface SweepResult {
  readonly sweep_id: string;
  readonly found: number;
  readonly agents: readonly Agent[];
  readonly problems: readonly { readonly source: string; readonly message: string }[];
}

export interface ListOptions<S> {
  readonly status?: S;
  readonly limit: number;
  /** Ids before this one (newest first). */
  readonly before?: string;
}

/** What is asked of an install: see InstallAskSchema. */
export interface InstallAsk {
  readonly kind: string;
  readonly dir?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

export interface InstallsApi {
  /** What is installed. */
  list(): Installation[];
  /** What an install would do; changes nothing. Throws unsupported_agent_kind. */
  plan(ask: InstallAsk): Promise<InstallPlanView>;
  /**
   * Does what the plan says, if it is still the plan of `planSha256`, registers the agents, and looks at them.
   * Throws unsupported_agent_kind, install_blocked, install_failed, plan_changed.
   */
  install(caller: Caller, ask: InstallAsk & { readonly planSha256?: string }): Promise<InstallReport>;
  /** Takes back what installs did there and forgets the agents. Throws not_installed, install_failed. */
  uninstall(caller: Caller, ask: Pick<InstallAsk, 'kind' | 'dir' | 'env'>): Promise<InstallReport>;
}

export interface Engine {
  readonly events: EventsApi;
  readonly agents: {
    list(): Agent[];
    /** Throws unknown_agent with suggestions. */
    get(name: string): Agent;
    add(caller: Caller, entry: AgentEntry, source: 'url' | 'bootstrap', detail: string): Promise<Agent>;
    remove(caller: Caller, name: string): Promise<void>;
    /** Another name for an agent (Aliases.add). Throws unknown_agent, ambiguous_agent. */
    alias(caller: Caller, name: string, alias: string): Promise<Agent>;
    unalias(caller: Caller, name: string, alias: string): Promise<Agent>;
    /** Accepts who the agent is now (Registry.trust). Throws unknown_agent, agent_changed, card_signature_invalid. */
    trust(caller: Caller, name: string, identity?: string): Promise<Agent>;
  };
  readonly installs: InstallsApi;
  readonly discovery: {
    /** Looks around and probes everything known, by jobs; resolves when each was answered or `waitMs` has passed. */
    sweep(caller: Caller, options: { readonly waitMs: number }): Promise<SweepResult>;
    /**
     * Where the daemon listens, once it does: no agent of its own mesh is there, and it is announced if the setting says so.
     */
    listening(place: { readonly host: string; readonly port: number }): void;
  };
  readonly invocations: {
    /** Durable before it resolves; the call itself goes on. */
    start(
      caller: Caller,
      ask: {
        readonly to: string;
        readonly from?: string;
        readonly prompt: string;
        readonly timeoutMs?: number;
        readonly idempotencyKey?: string;
        /** Given when an agent asks: its call, which says who it is. Throws unknown_run and origin_too_deep. */
        readonly origin?: Origin;
      },
    ): Promise<Invocation>;
    /** Throws unknown_run. */
    get(runId: string): Invocation;
    list(options: ListOptions<Invocation['state']> & { readonly plainOnly: boolean }): Invocation[];
    /** Asks the agent to stop; the invocation ends by its own terminal event. Idempotent. */
    cancel(caller: Caller, runId: string, reason?: string): Promise<Invocation>;
  };
  readonly templates: {
    list(): Promise<TemplateSummary[]>;
    /** Text and where it comes from. Throws unknown_template with suggestions. */
    get(name: string): Promise<{
      readonly name: string;
      readonly text: string;
      readonly origin: string;
      readonly check: TemplateCheck;
    }>;
    check(text: string): Promise<TemplateCheck>;
  };
  readonly teamRuns: {
    start(
      caller: Caller,
      ask: {
        readonly template: TemplateSource;
        readonly inputs: Readonly<Record<string, unknown>>;
        readonly idempotencyKey?: string;
        /** Given when an agent or another mesh asks. Throws unknown_run, origin_loop and origin_too_deep. */
        readonly asked?: Asked;
      },
    ): Promise<TeamRun>;
    get(teamRunId: string): TeamRun;
    list(options: ListOptions<TeamRunStatus> & { readonly contextId?: string }): TeamRunSummary[];
    pause(caller: Caller, teamRunId: string, options: { readonly now: boolean }): Promise<TeamRun>;
    resume(caller: Caller, teamRunId: string): Promise<TeamRun>;
    cancel(caller: Caller, teamRunId: string, reason?: string): Promise<TeamRun>;
    /** What its agents answered, whole; steps named in `known` are left out unread. Throws unknown_run. */
    answers(teamRunId: string, known?: ReadonlySet<string>): StepAnswer[];
    /** What was said between its asker and its agents, oldest first. Throws unknown_run. */
    exchange(teamRunId: string): Said[];
    machine(teamRunId: string): {
      readonly template: string;
      readonly hash: string;
      readonly compiler_version: number;
      readonly chart: Chart;
    };
  };
  readonly approvals: {
    /** Newest first. */
    list(options: ListOptions<ApprovalState>): Approval[];
    /** Throws unknown_approval. */
    get(approvalId: string): Approval;
    /**
     * Decides once; the same decision again answers the same. `hash` is that of the operation as the person saw it.
     * Throws unknown_approval, approval_mismatch, approval_decided, approval_expired, approval_withdrawn, bad_request.
     */
    decide(
      caller: Caller,
      approvalId: string,
      asked: {
        readonly decision: Decision;
        readonly answer?: string;
        readonly reason?: string;
        readonly hash?: string;
        /** The asker’s own id of the message that this is, where it came as one. */
        readonly messageId?: string;
      },
    ): Promise<Approval>;
  };
  readonly audit: { list(options: { readonly limit: number; readonly before?: number }): AuditRow[] };
  verify(): Promise<VerifyReport>;
  health(): Health;
  /** Stops taking work, lets what is in hand finish for `drainMs`, closes everything. Idempotent. */
  close(options: { readonly drainMs: number }): Promise<void>;
}

/** What createEngine needs to know. */
export interface EngineConfig {
  readonly dataDir: string;
  /** Folders looked through for templates by name, in order. */
  readonly templateDirs: readonly { readonly dir: string; readonly origin: string }[];
  /** Extra bootstrap file beside `<dataDir>/bootstrap.json`. */
  readonly bootstrapFile: string | null;
  /** What looks around by itself; nothing when absent: bootstrap files and agents given by hand only. */
  readonly discovery?: DiscoverySettings;
  /** FULL survives a power cut, NORMAL only the end of the process (docs/adr/0003). */
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly concurrency: number;
  readonly version: string;
  /** Carries the jobs; without one they stay in this process. There is no falling back from one to the other. */
  readonly redis?: RedisChoice | null;
}
