// THE table: everything reachable, one line each. Routing, guards, validation, OpenAPI and the client all come from it.
// Plain data without zod, so that the CLI starts fast; shapes.ts holds the schema of each request and answer.
import type { Risk, Role } from '#machines/nouns/audit';

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Express path; `:name` are path parameters. */
  readonly path: string;
  readonly risk: Risk;
  readonly role: Role;
  /** HTTP status of success. */
  readonly status: 200 | 201 | 202 | 204;
  readonly summary: string;
  /** Takes an Idempotency-Key header. */
  readonly idempotent?: true;
  /** Answers text/event-stream. */
  readonly stream?: true;
}

/* prettier-ignore */
export const ROUTES = {
  'healthz':            { method: 'GET',    path: '/healthz',                          risk: 'read',  role: 'viewer',   status: 200, summary: 'Whether the daemon lives, and how well' },
  'openapi':            { method: 'GET',    path: '/openapi.json',                     risk: 'read',  role: 'viewer',   status: 200, summary: 'This API as OpenAPI 3.1' },
  'events.list':        { method: 'GET',    path: '/api/events',                       risk: 'read',  role: 'viewer',   status: 200, summary: 'Events, ascending; the header x-next-seq tells that more exist' },
  'events.append':      { method: 'POST',   path: '/api/events',                       risk: 'write', role: 'operator', status: 201, summary: 'Record one event; the same id twice is the same event' },
  'events.stream':      { method: 'GET',    path: '/api/stream',                       risk: 'read',  role: 'viewer',   status: 200, summary: 'Events as they are committed (SSE); resumes after Last-Event-ID', stream: true },
  'trace.get':          { method: 'GET',    path: '/api/trace/:id',                    risk: 'read',  role: 'viewer',   status: 200, summary: 'Events of a team run, run or task, ascending, by any of their ids' },
  'agents.list':        { method: 'GET',    path: '/api/agents',                       risk: 'read',  role: 'viewer',   status: 200, summary: 'Agents on the mesh' },
  'agents.get':         { method: 'GET',    path: '/api/agents/:name',                 risk: 'read',  role: 'viewer',   status: 200, summary: 'One agent by its exact name or alias' },
  'agents.add':         { method: 'POST',   path: '/api/agents',                       risk: 'write', role: 'operator', status: 201, summary: 'Add an agent by URL or command' },
  'agents.trust':       { method: 'POST',   path: '/api/agents/:name/trust',           risk: 'authority', role: 'owner', status: 200, summary: 'Trust who the agent is now; on the local socket only' },
  'agents.alias':       { method: 'POST',   path: '/api/agents/:name/aliases',         risk: 'write', role: 'operator', status: 200, summary: 'Give an agent another name' },
  'agents.unalias':     { method: 'DELETE', path: '/api/agents/:name/aliases/:alias',  risk: 'write', role: 'operator', status: 200, summary: 'Take such a name away' },
  'agents.remove':      { method: 'DELETE', path: '/api/agents/:name',                 risk: 'write', role: 'operator', status: 204, summary: 'Forget an agent' },
  'installs.list':      { method: 'GET',    path: '/api/installs',                     risk: 'read',  role: 'viewer',   status: 200, summary: 'Agent programs of this machine that take part by an install' },
  'installs.plan':      { method: 'POST',   path: '/api/installs/plan',                risk: 'authority', role: 'owner', status: 200, summary: 'What an install would do; looks at this machine, changes nothing' },
  'installs.apply':     { method: 'POST',   path: '/api/installs/apply',               risk: 'authority', role: 'owner', status: 200, summary: 'Install: do what the plan shows and register the agents' },
  'installs.undo':      { method: 'POST',   path: '/api/installs/undo',                risk: 'authority', role: 'owner', status: 200, summary: 'Uninstall: take back what installs did and forget the agents' },
  'discover':           { method: 'POST',   path: '/api/discover',                     risk: 'write', role: 'operator', status: 200, summary: 'Look for agents and probe those known' },
  'invocations.start':  { method: 'POST',   path: '/api/invocations',                  risk: 'write', role: 'operator', status: 202, summary: 'Call one agent; follow it by its run_id', idempotent: true },
  'invocations.list':   { method: 'GET',    path: '/api/invocations',                  risk: 'read',  role: 'viewer',   status: 200, summary: 'Calls to agents, newest first' },
  'invocations.get':    { method: 'GET',    path: '/api/invocations/:run_id',          risk: 'read',  role: 'viewer',   status: 200, summary: 'One call' },
  'invocations.cancel': { method: 'POST',   path: '/api/invocations/:run_id/cancel',   risk: 'write', role: 'operator', status: 202, summary: 'Ask the agent to stop' },
  'templates.list':     { method: 'GET',    path: '/api/templates',                    risk: 'read',  role: 'viewer',   status: 200, summary: 'Team templates that the daemon finds' },
  'templates.get':      { method: 'GET',    path: '/api/templates/:name',              risk: 'read',  role: 'viewer',   status: 200, summary: 'One template with its text' },
  'templates.check':    { method: 'POST',   path: '/api/templates/check',              risk: 'read',  role: 'viewer',   status: 200, summary: 'Check a template without running it' },
  'team-runs.start':    { method: 'POST',   path: '/api/team-runs',                    risk: 'write', role: 'operator', status: 202, summary: 'Start a team', idempotent: true },
  'team-runs.list':     { method: 'GET',    path: '/api/team-runs',                    risk: 'read',  role: 'viewer',   status: 200, summary: 'Team runs, newest first' },
  'team-runs.get':      { method: 'GET',    path: '/api/team-runs/:team_run_id',       risk: 'read',  role: 'viewer',   status: 200, summary: 'One team run with its steps and attempts' },
  'team-runs.pause':    { method: 'POST',   path: '/api/team-runs/:team_run_id/pause', risk: 'write', role: 'operator', status: 202, summary: 'Pause; `now` also stops what is in flight' },
  'team-runs.resume':   { method: 'POST',   path: '/api/team-runs/:team_run_id/resume', risk: 'write', role: 'operator', status: 202, summary: 'Go on after a pause' },
  'team-runs.cancel':   { method: 'POST',   path: '/api/team-runs/:team_run_id/cancel', risk: 'write', role: 'operator', status: 202, summary: 'Cancel; ends when the agents have stopped' },
  'team-runs.machine':  { method: 'GET',    path: '/api/team-runs/:team_run_id/machine', risk: 'read', role: 'viewer',   status: 200, summary: 'The state chart of the run, as compiled' },
  'approvals.list':     { method: 'GET',    path: '/api/approvals',                    risk: 'read',  role: 'viewer',   status: 200, summary: 'What agents ask people, newest first' },
  'approvals.get':      { method: 'GET',    path: '/api/approvals/:approval_id',       risk: 'read',  role: 'viewer',   status: 200, summary: 'One approval with its whole operation' },
  'approvals.decide':   { method: 'POST',   path: '/api/approvals/:approval_id/decide', risk: 'high', role: 'approver', status: 200, summary: 'Allow once, or deny; recorded as local and unsigned' },
  'verify':             { method: 'GET',    path: '/api/verify',                       risk: 'read',  role: 'viewer',   status: 200, summary: 'Compare the table with events.jsonl, line by line' },
  'audit.list':         { method: 'GET',    path: '/api/audit',                        risk: 'read',  role: 'viewer',   status: 200, summary: 'Who changed what, newest first' },
} as const satisfies Record<string, Route>;

export type RouteId = keyof typeof ROUTES;
