// The catalogue of errors as plain data: code -> HTTP status -> exit code of the CLI -> what to do. No zod here: the CLI and the browser load it.

/** Exit codes of the CLI. 0..13 are fixed by earlier tools (docs/migration.md); further ones start at 20. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  daemonUnreachable: 10,
  nothingDiscovered: 11,
  invocationFailed: 12,
  installFailed: 13,
  notFound: 20,
  conflict: 21,
  cancelled: 22,
  timedOut: 23,
  storage: 24,
  notSupportedYet: 25,
  logMismatch: 26,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface CatalogueEntry {
  /** HTTP status of the answer (RFC 9110); 0 for errors that never travel over HTTP. */
  readonly status: number;
  readonly exit: ExitCode;
  /** One line for people: what happened. */
  readonly title: string;
  /** One line for people: what to do about it. */
  readonly remedy: string;
  /** Whether the same attempt may succeed later; drives a step's retries. */
  readonly retryable: boolean;
}

const entry = (
  status: number,
  exit: ExitCode,
  retryable: boolean,
  title: string,
  remedy: string,
): CatalogueEntry => ({ status, exit, retryable, title, remedy });

/** All error codes. The key is the code; it is stable for ever. */
/* prettier-ignore */
export const ERRORS = {
  // requests
  bad_request: entry(400, EXIT.usage, false, 'The request is not understood', 'Correct the field that is named and send it again.'),
  invalid_json: entry(400, EXIT.usage, false, 'The body is not valid JSON', 'Send one JSON object with Content-Type: application/json.'),
  invalid_event: entry(400, EXIT.usage, false, 'This is not an EventV1 record', 'See docs/event-v1.md for the record; `kind` and `run_id` are required.'),
  unsupported_schema_version: entry(400, EXIT.usage, false, 'The schema_version is not known here', 'Send schema_version "1".'),
  payload_too_large: entry(413, EXIT.usage, false, 'The body is too large', 'Send less, or store large content as an artifact.'),
  unsupported_media_type: entry(415, EXIT.usage, false, 'Only JSON is accepted', 'Send Content-Type: application/json.'),
  host_refused: entry(421, EXIT.usage, false, 'The Host header is not one of this daemon', 'Use the address that `agentmesh status` prints.'),
  origin_refused: entry(403, EXIT.usage, false, 'Requests from other web pages are refused', 'Open the console at the address that `agentmesh status` prints.'),
  forbidden: entry(403, EXIT.failure, false, 'The caller may not do this', 'Use the local socket, or ask the owner of the daemon.'),
  not_found: entry(404, EXIT.notFound, false, 'There is no such thing', 'Check the id; ids can be copied from `agentmesh runs list`.'),
  method_not_allowed: entry(405, EXIT.usage, false, 'The path exists, but not with this method', 'See /openapi.json for the methods of each path.'),
  // records
  id_conflict: entry(409, EXIT.conflict, false, 'An event with this id and other content exists', 'Use a new id for new content.'),
  idempotency_conflict: entry(409, EXIT.conflict, false, 'This Idempotency-Key was used for another request', 'Use a new key for a new request.'),
  not_enabled: entry(409, EXIT.conflict, false, 'The run cannot take this event in its present state', 'The answer lists the events that are enabled now.'),
  origin_loop: entry(409, EXIT.conflict, false, 'This team is already at work further up the chain of runs', 'Let the agent do the work itself, or give it another team.'),
  origin_too_deep: entry(409, EXIT.conflict, false, 'Too many runs stand behind one another', 'Let the agent do the work itself instead of starting a further run.'),
  // names
  unknown_agent: entry(404, EXIT.notFound, false, 'No agent of this name is known', 'Run `agentmesh discover`, then `agentmesh agents`.'),
  ambiguous_agent: entry(409, EXIT.conflict, false, 'More than one agent fits', 'Use the exact name of one of them.'),
  unknown_run: entry(404, EXIT.notFound, false, 'No run of this id is known', 'List runs with `agentmesh runs list`.'),
  unknown_template: entry(404, EXIT.notFound, false, 'No team template of this name is known', 'List templates with `agentmesh team list`.'),
  // approvals
  unknown_approval: entry(404, EXIT.notFound, false, 'No approval of this id is known', 'List what waits with `agentmesh approvals`, and what was with `agentmesh approvals list --all`.'),
  approval_decided: entry(409, EXIT.conflict, false, 'Somebody has decided otherwise before', 'Nothing is left to decide; `agentmesh approvals show ID` tells who did, and what.'),
  approval_mismatch: entry(409, EXIT.conflict, false, 'The operation is not the one that was shown', 'Read it again with `agentmesh approvals show ID` and decide about what stands there.'),
  approval_expired: entry(410, EXIT.conflict, false, 'The time to decide has passed', 'The agent was told so; run it again if it should have been allowed.'),
  approval_withdrawn: entry(410, EXIT.conflict, false, 'The agent no longer asks', 'Its run has ended, or it was answered elsewhere; the trace of the run tells.'),
  // templates
  invalid_template: entry(422, EXIT.usage, false, 'The team template has errors', 'Correct the lines that are named; `agentmesh team check FILE` shows them all.'),
  not_supported_yet: entry(422, EXIT.notSupportedYet, false, 'The template uses something that this version cannot run yet', 'Remove it or wait for a version that runs it; docs/teams.md lists what runs.'),
  invalid_input: entry(422, EXIT.usage, false, 'An input or a referenced output is missing or of the wrong type', 'Give it with --input name=value, or correct the reference in the prompt.'),
  machine_mismatch: entry(409, EXIT.failure, false, 'The run was made by a machine that no longer fits', 'Install the version that made it, or cancel it and start again.'),
  machine_error: entry(500, EXIT.failure, false, 'The run’s machine threw', 'Report it with the trace; the event that did it is kept.'),
  // agents
  agent_unreachable: entry(502, EXIT.invocationFailed, true, 'The agent cannot be reached', 'Start the agent, then run `agentmesh discover`.'),
  agent_failed: entry(502, EXIT.invocationFailed, true, 'The agent reported a failure', 'Read the message of the agent in `agentmesh trace RUN`.'),
  agent_rejected: entry(502, EXIT.invocationFailed, false, 'The agent refused the task', 'Read the message of the agent in `agentmesh trace RUN`.'),
  agent_needs_input: entry(502, EXIT.invocationFailed, false, 'The agent asks for something that nobody can answer here', 'Give it in the prompt, then run again.'),
  invalid_agent_response: entry(502, EXIT.invocationFailed, true, 'The agent answered something that its protocol does not allow', 'Check the agent’s version; `agentmesh doctor` probes it.'),
  address_refused: entry(422, EXIT.usage, false, 'The address may not be reached from here', 'Give the agent by its own URL with `agentmesh agents add URL`; link-local and metadata addresses are never reached.'),
  invalid_card: entry(422, EXIT.usage, false, 'The agent card cannot be used', 'Check the URL; the card must be JSON of at most 1 MiB with a name and an interface.'),
  agent_untrusted: entry(409, EXIT.invocationFailed, false, 'Nobody has trusted this agent yet', 'Look at it with `agentmesh agents get NAME`; then `agentmesh agents trust NAME`, or leave it.'),
  agent_changed: entry(409, EXIT.invocationFailed, false, 'The agent is not the one that was trusted', 'See what changed with `agentmesh agents get NAME`; accept it with `agentmesh agents trust NAME`, or remove it.'),
  card_signature_invalid: entry(409, EXIT.invocationFailed, false, 'The signature of the agent’s card is wrong', 'Do not use it; ask who runs the agent. It is read again with `agentmesh discover`.'),
  unsupported_agent_kind: entry(422, EXIT.usage, false, 'No adapter for this kind of agent', 'Use one of the kinds that `agentmesh doctor` lists.'),
  auth: entry(502, EXIT.invocationFailed, false, 'The agent did not accept the credential', 'Give the agent a new token in bootstrap.json.'),
  timeout: entry(504, EXIT.timedOut, true, 'The time limit passed', 'Raise the time limit, or find out in the trace what took so long.'),
  cancelled: entry(409, EXIT.cancelled, false, 'It was cancelled', 'Start it again when you want it after all.'),
  outcome_unknown: entry(502, EXIT.invocationFailed, true, 'The daemon stopped while the agent worked, and the agent cannot say how it ended', 'Look at what the agent did; on_unknown decides whether it runs again.'),
  output_invalid: entry(502, EXIT.invocationFailed, true, 'The output does not match its schema', 'Correct the prompt, the schema or the agent; the trace shows the mismatch.'),
  budget_exceeded: entry(409, EXIT.failure, false, 'The budget is used up', 'Raise the budget in the template and start again.'),
  // installs
  install_blocked: entry(409, EXIT.installFailed, false, 'The install cannot be done as things are', 'Do what the message says, then run it again; --dry-run shows the plan.'),
  install_failed: entry(502, EXIT.installFailed, true, 'The install went wrong on the way', 'Do what the message says and run it again; `uninstall` takes back what was done.'),
  not_installed: entry(404, EXIT.notFound, false, 'Nothing of this kind is installed there', 'The `status` of the kind tells what is installed and where.'),
  plan_changed: entry(409, EXIT.conflict, true, 'What would be done is no longer what was shown', 'Run it again and look at the new plan.'),
  // the daemon
  daemon_unreachable: entry(0, EXIT.daemonUnreachable, true, 'The daemon does not answer', 'Start it with `agentmesh up`.'),
  daemon_running: entry(0, EXIT.conflict, false, 'A daemon already runs on this data folder', 'Use it, or stop it with `agentmeshd stop`.'),
  port_in_use: entry(0, EXIT.conflict, true, 'The port is taken', 'Choose another with --port, or stop what listens there.'),
  older_daemon: entry(0, EXIT.conflict, false, 'An earlier AgentMesh daemon is alive on this folder or port', 'Stop it first; docs/migration.md tells how.'),
  data_newer: entry(0, EXIT.storage, false, 'The data folder was written by a newer version', 'Use that version, or another data folder.'),
  mesh_key: entry(0, EXIT.failure, false, 'The mesh key cannot be used', 'Copy mesh.key from the data folder of the daemon, and close it to others: chmod 600.'),
  nothing_discovered: entry(0, EXIT.nothingDiscovered, true, 'No agent was found', 'Give one with `agentmesh agents add URL`, or try `agentmesh demo`.'),
  disk_full: entry(507, EXIT.storage, true, 'The disk is full', 'Free some space; nothing that was acknowledged is lost.'),
  storage_failed: entry(507, EXIT.storage, true, 'The database cannot be written', 'Check the disk and the data folder; `agentmesh doctor` helps.'),
  log_mismatch: entry(500, EXIT.logMismatch, false, 'The table and events.jsonl disagree', '`agentmesh verify` names the lines; `agentmeshd rebuild` makes a new table from the log.'),
  other_log: entry(409, EXIT.conflict, false, 'The cursor belongs to another log', 'Read again from the start; the data folder or the daemon behind this address was replaced.'),
  too_many_streams: entry(503, EXIT.failure, true, 'The daemon serves as many event streams as it can', 'Close some; one stream a program is enough.'),
  stopping: entry(503, EXIT.daemonUnreachable, true, 'The daemon is stopping', 'Try again when it is back.'),
  internal: entry(500, EXIT.failure, false, 'Something went wrong inside', 'Report it with the lines of agentmeshd.log at that time.'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Whether a word is one of our codes (agents may send words of their own). */
export const isErrorCode = (word: string): word is ErrorCode => Object.hasOwn(ERRORS, word);

/** An error with a code of the catalogue. `detail` is for people, `extra` travels as members of the RFC 9457 problem. */
export class MeshError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    detail?: string,
    extra: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(detail ?? ERRORS[code].title, options);
    this.name = 'MeshError';
    this.code = code;
    this.detail = detail ?? ERRORS[code].title;
    this.extra = extra;
  }
}
