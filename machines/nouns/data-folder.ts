// The files of a daemon's data folder; the names of the earlier tools where they had one.

/** Files in the data folder (default ~/.agentmesh). */
export const FILES = {
  events: 'events.jsonl',
  rejected: 'events.rejected.jsonl',
  database: 'agentmesh.db',
  /** Held with BEGIN EXCLUSIVE for the life of the daemon. */
  lock: 'lock.db',
  pid: 'agentmeshd.pid',
  log: 'agentmeshd.log',
  /** {pid, url, socket, version, log_id, started_at}: information, never a lock. */
  info: 'agentmeshd.json',
  bootstrap: 'bootstrap.json',
  /** What is set for good: {queue: {redis}}. */
  config: 'config.json',
  /** What daemon and workers of one mesh sign their messages with. */
  meshKey: 'mesh.key',
  socket: 'agentmesh.sock',
  templates: 'templates',
  artifacts: 'artifacts',
  /** Keys and tokens of our own at agents, a folder a kind; 0700, files 0600. */
  agentKeys: 'agent-keys',
  /** Programs that are kept between runs, a file each, so that the next life ends what a killed one left. */
  programs: 'programs',
} as const;
