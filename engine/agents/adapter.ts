// The adapter port: what AgentMesh asks of every make of agent. adapter.testsuite.ts is its contract.
import type { AgentEntry, CardSignature, Skill } from '#machines/nouns/agent';
import type { SettingsSchema } from '#machines/nouns/agent-settings';
import type { Failure } from '#machines/nouns/error';
import type { EventKind, EventPayload } from '#machines/nouns/event';
import type { MeshFile } from '#machines/nouns/file';
import type { Reach } from '../ports.ts';

/** What shows an agent who we are, besides a bearer token. */
export interface Credential {
  /** `header` is where it goes; null: where the agent’s card says. */
  readonly apiKey: { readonly value: string; readonly header: string | null } | null;
  /** Sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where an agent is and how to talk to it. The credential belongs to this agent at this origin and goes nowhere else. */
export interface Target {
  readonly name: string;
  readonly kind: string;
  /** As configured or discovered; `url`, `command` or `dir` is set. */
  readonly entry: AgentEntry;
  /** The card as last fetched, for kinds that have one. */
  readonly card: unknown;
  /** Bearer token, already checked to belong to this target’s origin. */
  readonly token: string | null;
  /** API key and headers, checked the same way; absent when there are none. */
  readonly credential?: Credential;
  /** Where requests to it may lead; the public internet when absent. */
  readonly reach?: Reach;
}

export interface Capabilities {
  readonly stream: boolean;
  readonly tools: boolean;
  readonly reasoning: boolean;
  readonly artifacts: boolean;
  /** What a cancel ends: the run alone, its process, its container, or nothing. */
  readonly cancel: 'run' | 'process' | 'container' | 'none';
  readonly approvals: boolean;
  /** Whether `reattach` can find a run again after the daemon died. */
  readonly resume: boolean;
  readonly multiTurn: boolean;
  readonly remote: boolean;
}

/**
 * Who an agent is, as facts by name: what must stay the same for it to be the same agent (origin, interfaces, keys, how it
 * wants to be authenticated). Pinned at first contact; any difference later is an alarm. Without secrets.
 */
export type Identity = Readonly<Record<string, string>>;

export interface Probe {
  readonly ok: boolean;
  /** The name that the agent gives itself. */
  readonly name: string | null;
  readonly description: string;
  readonly version: string | null;
  readonly protocol: string | null;
  readonly skills: readonly Skill[];
  readonly card: unknown;
  /** Left out by kinds whose agents have nothing to be known by. */
  readonly identity?: Identity;
  /** Left out by kinds without signed cards. An agent whose signature is `invalid` is never called. */
  readonly cardSignature?: CardSignature;
  /** The token that a target brought has been traded for one of our own (kinds that pair). */
  readonly isCredentialSpent?: boolean;
  readonly latencyMs: number;
  /** Set when `ok` is false. */
  readonly problem: Failure | null;
}

/** What whoever asks for an install chose, and what their shell knows. */
export interface InstallOptions {
  /** Folder of the installation; the usual places are looked through when it is absent. */
  readonly dir?: string;
  /** Variables of the caller’s shell (PATH, HOME, those of the program): the daemon’s own may be of another day. Never recorded. */
  readonly env: Readonly<Record<string, string>>;
  /** Choices of this kind by name (for example `a2a`); one that the kind does not know is an obstacle. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** What earlier installs of this kind left, one a folder. */
  readonly receipts: readonly InstallReceipt[];
}

/** One change that an install would make, in words and as data. */
export interface InstallStep {
  readonly change: string;
  readonly file?: string;
  /** argv as a person could type it; a secret stands as `…`. */
  readonly command?: readonly string[];
}

/** Why an install cannot be done. Unlike a code of the catalogue, it knows its own remedy. */
export interface Obstacle extends Failure {
  readonly remedy: string;
}

export interface InstallPlan {
  readonly kind: string;
  /** Folder of the installation that was found; absent for kinds that put nothing anywhere. */
  readonly dir?: string;
  /** What was found, one line each: version, address, what is in place already. */
  readonly found?: readonly string[];
  /** What is left to do; empty when all is in place. */
  readonly steps: readonly InstallStep[];
  /** Reasons why it cannot be done, each with its remedy; empty when it can. */
  readonly obstacles: readonly Obstacle[];
  /** What `install` needs to do the steps; JSON. Never leaves the engine. */
  readonly details: unknown;
}

/** What `uninstall` needs to undo it; JSON without secrets, kept by the engine. */
export interface InstallReceipt {
  readonly kind: string;
  readonly dir?: string;
  readonly steps: readonly InstallStep[];
  /** The agents that the installation brings; the engine registers them, and forgets them with it. */
  readonly agents?: readonly AgentEntry[];
  readonly details: unknown;
}

/** What the engine gives an adapter while it installs or uninstalls. */
export interface InstallSession {
  /** Variables of the caller’s shell, as in `InstallOptions`. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a receipt durable. Before each effect that it undoes, so that a crash leaves nothing that nobody can undo. */
  readonly keep: (receipt: InstallReceipt) => Promise<void>;
  /** Tells whoever asked, in a line: what was done, or what was left as it is and why. */
  readonly note: (line: string) => void;
}

/** An agent that an adapter found by itself on this machine. */
export interface Found {
  readonly entry: AgentEntry;
  readonly source: 'local';
  readonly detail: string;
}

export interface InvokeRequest {
  readonly target: Target;
  /** Plain text for the agent. */
  readonly prompt: string;
  /** A data part that goes beside the text: {team_run_id, step, key, inputs, outputs}. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly runId: string;
  /** The same key twice is one effect at agents that can tell. */
  readonly key: string;
  /** Absolute, milliseconds of the engine’s clock: for agents that can be told; the engine enforces it. */
  readonly deadline: number;
  /** Aborted when the engine wants the run ended: cancel natively, wait for the agent’s own terminal event. */
  readonly signal: AbortSignal;
}

/** An event as an adapter sees it; ids, seq and run are added by the engine. */
export type AdapterEvent = {
  [K in EventKind]: {
    readonly kind: K;
    readonly payload: EventPayload<K>;
    /** A piece of a text that goes on: stored coalesced. Only for message and reasoning. */
    readonly delta?: boolean;
    readonly metadata?: Readonly<Record<string, unknown>>;
  };
}[EventKind];

/** What finds the run again at the agent after a crash; JSON, secrets excluded. */
export type NativeHandle = Readonly<Record<string, string | number | boolean | null>>;

/** What an agent asks a person before it goes on. */
export interface ApprovalAsk {
  /** The agent’s own id of the question: asked again (after a restart too), it is the same approval. */
  readonly nativeId: string;
  /** permission: may I do this; question: what is the answer (text). */
  readonly kind: 'permission' | 'question';
  /** One line: what the agent wants to do or to know, in its own words. */
  readonly title: string;
  readonly tool: string | null;
  /** The operation whole, JSON: command, cwd, arguments, diff. */
  readonly operation: unknown;
  /** Absolute, engine’s clock; null: until the deadline of the invocation. */
  readonly expiresAt: number | null;
  /** Aborts when the agent no longer asks (answered elsewhere, run ended). */
  readonly withdrawn: AbortSignal;
}

/** What a person said, or why nobody did. Allow always means once. */
export type ApprovalAnswer =
  /** `text` is the answer to a question. */
  | { readonly decision: 'allow'; readonly text: string | null; readonly by: string }
  | { readonly decision: 'deny'; readonly reason: string | null; readonly by: string }
  | { readonly decision: 'expired' }
  | { readonly decision: 'withdrawn' };

/** Where an adapter reports to. Await each call: it resolves when the fact is durable. */
export interface Sink {
  /**
   * Saves what finds this run again. Before the first event, and before any effect that a crash could orphan; once more
   * when the agent has given the run an id of its own, with everything that was saved before.
   */
  handle(native: NativeHandle, taskId: string | null): Promise<void>;
  /**
   * Deltas of a text (delta: true), whole messages that are not the final answer, tools, reasoning, statuses, and each
   * artifact once, when it is complete. NOT the final text: the engine records `Outcome.text` itself, with the end,
   * in one transaction. `Outcome.artifacts` repeats the artifacts for the step's output; the engine does not record them again.
   */
  event(event: AdapterEvent): Promise<void>;
  /** Called right after the request has left for the agent (a crash point of the reliability suite). */
  sent(): void;
  /**
   * Asks a person. Durable before it is shown; resolves with the decision, at once when it was already taken.
   * May be pending in parallel; events go on meanwhile.
   */
  approval(ask: ApprovalAsk): Promise<ApprovalAnswer>;
}

export interface OutcomeArtifact {
  readonly name?: string;
  readonly text?: string;
  readonly data?: unknown;
  /** With their bytes or addresses; large ones are stored aside by the engine. */
  readonly files?: readonly MeshFile[];
  readonly mime?: string;
}

/** How an invocation ended, as the agent itself said. */
export interface Outcome {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'rejected' | 'input-required';
  /** The whole final text, when there is one. */
  readonly text?: string;
  /** Complete artifacts, in order; the step’s output is taken from the last one that holds data. */
  readonly artifacts: readonly OutcomeArtifact[];
  readonly error?: Failure;
  /** For cancelled: whether the agent itself confirmed the end. */
  readonly cancelConfirmed?: boolean;
  /** The agent answered at once and keeps no task of it (a bare message in A2A). */
  readonly isDirect?: boolean;
}

/** What reattach found. `never-received`: the agent knows nothing of this key, so sending it again is safe. */
export type Reattached = Outcome | { readonly status: 'unknown' } | { readonly status: 'never-received' };

export interface AgentAdapter {
  readonly kind: string;
  /** One line for `doctor` and the docs. */
  readonly summary: string;
  /** Whether a token is only for pairing: it is never written down then, because the adapter keeps what it got for it. */
  readonly pairs?: boolean;
  /** Of the kind; of one of its agents when its entry is given, where agents of the kind differ. */
  capabilities(entry?: AgentEntry): Capabilities;
  /** What an entry may hold in `settings`: anything else is refused before the adapter sees it. */
  settings(entry: AgentEntry): SettingsSchema;
  /** Health and version in under 2 s, without work for the agent. Never throws: a problem is a result. */
  probe(target: Target, options: { readonly signal: AbortSignal }): Promise<Probe>;
  /** Looks only: nothing is changed. Never throws for what it finds: that is an obstacle. */
  plan(options: InstallOptions): Promise<InstallPlan>;
  /** Idempotent. Throws MeshError install_failed with cause and remedy; what `keep` took can be undone then. */
  install(plan: InstallPlan, session: InstallSession): Promise<InstallReceipt>;
  /** Idempotent; what is gone already is fine. Throws MeshError install_failed when something cannot be undone. */
  uninstall(receipt: InstallReceipt, session: InstallSession): Promise<void>;
  /** Agents of this kind on this machine. */
  discover(options: { readonly signal: AbortSignal }): AsyncIterable<Found>;
  /**
   * Runs to the agent’s own end. Failures of the agent are outcomes; only faults of the adapter throw.
   * When `request.signal` aborts: cancel natively and resolve with the agent’s terminal state.
   */
  invoke(request: InvokeRequest, sink: Sink): Promise<Outcome>;
  /** After a restart of the daemon; `handle` is null when none was saved. */
  reattach(request: InvokeRequest, handle: NativeHandle | null, sink: Sink): Promise<Reattached>;
  /** Called once by who holds the data folder, before any call: puts in order what an earlier life has left, by and by. */
  begin?(): Promise<void>;
  /** Agents came, went or changed: what is kept for those whose entry is not what it was is let go. */
  agentsChanged?(entryOf: (name: string) => AgentEntry | null): void;
  /** Lets go of connections and programs that it keeps for later; what agents have in hand goes on there. */
  close?(): Promise<void>;
}
