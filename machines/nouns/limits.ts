// Every limit of the product, in one place, each with its reason.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Sizes are bytes, times are milliseconds, the rest are counts. */
export const LIMITS = {
  /** A request body: an event with a 64 KiB payload and its JSON escapes fits several times. */
  requestBodyBytes: 256 * KIB,
  /** A request over A2A may bring files; base64 makes six MiB of them eight. What is no file stays under the limit above. */
  a2aBodyBytes: 8 * MIB,
  /** JSON deeper than this is refused before anything recursive touches it (stack safety). */
  jsonDepth: 64,
  /** A template is read by people; the yaml parser is quadratic in map keys, so size is capped. */
  templateBytes: 64 * KIB,
  templateDepth: 32,
  /** The parser runs in a worker thread and is stopped after this. */
  templateParseMs: 2_000,
  /** Steps of one team: the state chart stays readable and the snapshot small. */
  templateSteps: 64,
  /** Retries of one step; more is a loop that burns money. */
  retriesMax: 20,
  /** Backoff and time limits of a step: a month holds any honest wait. */
  durationMs: 31 * 24 * 3_600_000,
  /** A step without `timeout` gets this: long enough for an agent at work, short enough to be noticed. */
  defaultStepTimeoutMs: 15 * 60_000,
  /** A plain run without a limit of its own. */
  defaultRunTimeoutMs: 10 * 60_000,
  /** How long a cancel waits for the agent's own terminal event before it is `cancelled` unconfirmed. */
  cancelConfirmMs: 10_000,
  /** Guards read these out of a step's output; they live in the snapshot. */
  guardFieldsBytes: 4 * KIB,
  /** A persisted snapshot above this is a design fault: outputs belong to step_outputs. */
  snapshotBytes: 64 * KIB,
  /** Text and data above this leave the event and are stored under their SHA-256. */
  artifactInlineBytes: 64 * KIB,
  /** One artifact of an agent; more is refused as invalid_agent_response. */
  artifactBytes: 16 * MIB,
  /** A prompt after its templates are filled in. */
  promptBytes: 256 * KIB,
  /** The reason a person gives with a no, a cancel or a pause: a sentence or two, kept in events and in the audit. */
  reasonChars: 500,
  /** An operation that a person is asked about, as canonical JSON: it is shown whole, so what nobody would read is refused. */
  approvalBytes: 256 * KIB,
  /** What an agent says of an operation, and the name of its tool: a few lines. */
  approvalTitleChars: 4_000,
  /** What a person answers to a question. */
  approvalAnswerChars: 10_000,
  /** Questions of one run that wait at once; an agent that asks more wears its people out, and is denied. */
  approvalsPending: 32,
  /** A line of a log written by others: longer ones are set aside as rejected. */
  logLineBytes: 4 * MIB,
  /** An event's id given by its writer: a UUID has 36 characters, a URI-like one has room. */
  eventIdChars: 256,
  /** Events answered by GET /api/events when no limit is asked for, and at most. */
  eventsPageDefault: 200,
  eventsPageMax: 1_000,
  /**
   * Events that one page with since or until looks through: no index leads to times, because they need not rise with
   * seq, and reading a million rows for one answer would hold up everybody else for a third of a second.
   */
  eventsLookAhead: 10_000,
  /** Lists (runs, agents) are answered in pages of at most this. */
  listPageMax: 500,
  /** Agent cards: a real one is a few KiB. */
  cardBytes: 1 * MIB,
  cardTimeoutMs: 5_000,
  /** A look at an agent: whoever waits for it is a person. */
  probeMs: 1_900,
  /** A token, a key or a header: signed tokens with many claims fit. */
  secretChars: 8 * KIB,
  cardRedirects: 3,
  /** Deltas of an answer are stored at most this often. */
  deltaIntervalMs: 250,
  /** Invocations in flight at once in one daemon. */
  invocationConcurrency: 64,
  /** Calls that workers on other hosts hold at once: each is a row and some memory here, the work is theirs. */
  remoteConcurrency: 1_024,
  /** Calls at once in one worker. */
  workerPlaces: 64,
  /** A worker shows itself this often; one that has not for the whole lease is gone, and gives back what it held. */
  workerBeatMs: 1_000,
  workerLeaseMs: 10_000,
  /** How often the daemon looks for workers. */
  workerLookMs: 500,
  /** Facts of one call that a worker tells before the first of them is recorded. */
  workerUnrecorded: 256,
  /** Programs of agents that wait for their next run at once: each holds as much memory as it likes (OpenCode 0.35 GB). */
  keptPrograms: 8,
  /** How long one waits when its agent says nothing else, and at most. */
  keptProgramMs: 5 * 60_000,
  keptProgramMsMax: 24 * 3_600_000,
  /** Runs that one program serves: what an agent keeps of each must not grow for ever. */
  keptProgramRuns: 200,
  /** Agents probed at once by a discovery sweep. */
  discoveryConcurrency: 8,
  /** One message through Redis: the largest artifact with its JSON escapes fits. */
  queueMessageBytes: 64 * MIB,
  /** Agents that something else than a person named and that nobody has trusted; more is a flood. */
  foundAgents: 200,
  /** Those of them at one host: a machine with more is not an honest one. */
  foundAgentsPerHost: 16,
  /** New ones taken in a minute: each costs a probe, an event and an audit row. */
  foundAgentsPerMinute: 60,
  /** A found agent that nobody trusted and that did not answer or show itself for so long is forgotten. */
  foundForgottenMs: 24 * 3_600_000,
  /** Peers of a tailnet that are asked for a card. */
  tailnetPeers: 256,
  /** What tailscaled says of a tailnet of thousands of nodes fits. */
  tailnetStatusBytes: 8 * MIB,
  /** An SSE client that cannot take this much is served from the table at its own pace. */
  sseBufferBytes: 1 * MIB,
  /** A comment line that keeps idle streams alive through proxies. */
  sseKeepAliveMs: 15_000,
  /** Streams open at once in one daemon: each holds a socket and at most sseBufferBytes. */
  sseStreams: 256,
  /** Rows read from the table at a time by a stream that catches up: other requests get their turn between pages. */
  ssePageRows: 500,
  /** All headers of a request, and how many: our own clients send a tenth. */
  headerBytes: 8 * KIB,
  headerCount: 50,
  /** The headers of a request must be in by then, the whole request by the second (slowloris). */
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  /** An idle kept-alive connection is closed after this. */
  keepAliveTimeoutMs: 10_000,
  /** Connections of one listener: every stream, and as many short requests again twice. */
  connections: 768,
  /** Tasks that ListTasks of A2A looks through, newest first: it counts them all for its answer. */
  a2aListedTasks: 5_000,
  /** Runs that may stand behind one another when agents start runs: honest delegation is shallow, a loop is not. */
  originDepth: 5,
  /** SIGTERM lets work in hand finish this long. */
  drainMs: 8_000,
  /** A path of a folder: Linux takes 4096 bytes. */
  installPathChars: 4_096,
  /** Names of agents and templates. */
  nameChars: 64,
  /** A path of a file or folder: PATH_MAX of Linux. */
  pathChars: 4_096,
  /** What a card says of its agent and of each skill; it is shown in lists. */
  descriptionChars: 1_000,
  /** Skills taken over from one card. */
  skillsPerAgent: 200,
  /** A bootstrap file: thousands of agents fit. */
  bootstrapBytes: 1 * MIB,
} as const;
