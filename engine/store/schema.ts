// The tables, as Kysely sees them. migrations.ts makes them; schema.test.ts compares the two.

export interface Schema {
  meta: MetaTable;
  events: EventTable;
  team_runs: TeamRunTable;
  templates: TemplateTable;
  timers: TimerTable;
  jobs: JobTable;
  invocations: InvocationTable;
  step_outputs: StepOutputTable;
  approvals: ApprovalTable;
  agents: AgentTable;
  agent_provenance: AgentProvenanceTable;
  remote_jobs: RemoteJobTable;
  agent_aliases: AgentAliasTable;
  audit: AuditTable;
  idempotency: IdempotencyTable;
  installs: InstallTable;
}

/** Single facts: log_id, the mirror's watermark, what was healed at the last boot. */
interface MetaTable {
  key: string;
  value: string;
}

/** The log. `line` is the record as it stands in events.jsonl; the other columns are for finding it. */
interface EventTable {
  seq: number;
  id: string;
  /** Milliseconds since the epoch of `ts`, for since and until. */
  at: number;
  run_id: string;
  kind: string;
  task_id: string | null;
  team_run_id: string | null;
  agent: string | null;
  /** payload.state of status events. */
  state: string | null;
  /** 1 for records read from lines that others wrote: verify compares their promoted form. */
  is_foreign: number;
  line: string;
}

interface TeamRunTable {
  id: string;
  template_hash: string;
  compiler_version: number;
  /** Structural hash of the machine that made the snapshot. */
  machine_hash: string;
  /** Persisted XState snapshot, JSON. */
  snapshot: string;
  status: string;
  /** JSON object of the validated inputs. */
  inputs: string;
  origin: string;
  commit_id: string | null;
  /** Time of the last machine event; strictly rising. */
  last_at: number;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
  /** JSON Failure while blocked. */
  blocked: string | null;
  /** JSON AskedBy; null when a person started it. */
  asked_by: string | null;
  /** The A2A context that the run belongs to, for listing. */
  context_id: string | null;
}

/** Pinned template texts, by hash: a run never sees a later change of its file. */
interface TemplateTable {
  hash: string;
  name: string;
  text: string;
  /** The validated template, JSON: compiled again at boot without the YAML parser. */
  parsed: string;
}

interface TimerTable {
  team_run_id: string;
  /** XState's id of the delayed event: the same at each visit of a state. */
  timer_id: string;
  /** Tells visits apart, so that a stale timer cannot fire into the next one. */
  generation: number;
  due_at: number;
  /** The machine event to send, JSON. */
  event: string;
}

/** The outbox: a job is a row first, then handed to the queue's driver. */
interface JobTable {
  id: string;
  queue: string;
  payload: string;
  created_at: number;
}

interface InvocationTable {
  run_id: string;
  team_run_id: string | null;
  step: string | null;
  execution: number | null;
  attempt: number | null;
  key: string;
  agent: string;
  /** The adapter that asked it; null until then, and in calls of older daemons. */
  agent_kind: string | null;
  from_agent: string | null;
  state: string;
  task_id: string | null;
  /** JSON NativeHandle. */
  handle: string | null;
  prompt: string;
  /** JSON data part. */
  data: string;
  on_unknown: string;
  /** JSON Schema the output must fit; null when none is declared. */
  output_schema: string | null;
  error: string | null;
  may_have_run_twice: number;
  cancel_requested: string | null;
  cancel_confirmed: number | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  deadline: number;
  /** Id of the event that carries the output, once it has ended well. */
  output_ref: string | null;
}

interface StepOutputTable {
  team_run_id: string;
  step: string;
  execution: number;
  output: string;
}

/** What agents asked people. */
interface ApprovalTable {
  id: string;
  run_id: string;
  /** The agent’s own id of the question. */
  native_id: string;
  team_run_id: string | null;
  step: string | null;
  agent: string;
  kind: string;
  title: string;
  tool: string | null;
  /** Canonical JSON (RFC 8785), whole. */
  operation: string;
  operation_hash: string;
  state: string;
  requested_at: number;
  /** When it is over, for people: the agent’s own time, or that of the run when it is shorter. */
  expires_at: number;
  /** When the engine ends it; null when the time limit of its run does. */
  due_at: number | null;
  /** Null while it waits. */
  decided_at: number | null;
  /** JSON CallerRecord of the person. */
  decided_by: string | null;
  answer: string | null;
  reason: string | null;
}

interface AgentTable {
  name: string;
  kind: string;
  /** JSON AgentEntry without its token. */
  entry: string;
  /** Bearer token and the origin that it belongs to. Never leaves the registry but in a Target. */
  token: string | null;
  token_origin: string | null;
  description: string;
  version: string | null;
  protocol: string | null;
  /** JSON Skill[]. */
  skills: string;
  presence: string;
  /** Persisted snapshot of the presence machine, JSON. */
  presence_snapshot: string;
  latency_ms: number | null;
  problem: string | null;
  card: string | null;
  first_seen: number;
  last_seen: number | null;
  trust: string;
  /** JSON Identity that was trusted; null before the first contact. */
  pinned: string | null;
  /** JSON Identity found last. */
  found: string | null;
  /** JSON TrustChange[] while `changed`. */
  changes: string;
  card_signature: string | null;
  /** JSON of the credentials besides the token; they belong to token_origin as well. */
  credential: string | null;
}

interface AgentProvenanceTable {
  agent: string;
  source: string;
  detail: string;
  first_seen: number;
  last_seen: number;
}

/** Calls that a worker on another host holds, or is to hold. */
interface RemoteJobTable {
  run_id: string;
  fence: number;
  worker: string | null;
  mode: string;
  begun: number;
  taken: number;
}

/** Another name of an agent, given by a person. */
interface AgentAliasTable {
  alias: string;
  agent: string;
}

interface AuditTable {
  seq: number;
  at: number;
  caller: string;
  operation: string;
  risk: string;
  subject: string | null;
  args_sha256: string;
}

/** Answers kept for Idempotency-Key: the same request again gets the same thing. */
interface IdempotencyTable {
  key: string;
  operation: string;
  args_sha256: string;
  /** Id of what was made. */
  subject: string;
  created_at: number;
}

/** What an install changed, so that it can be taken back. */
interface InstallTable {
  kind: string;
  dir: string;
  /** JSON InstallReceipt, without credentials. */
  receipt: string;
  /** 0 while an install has not come to its end. */
  complete: number;
  at: number;
}
