// Who did what: the caller of a mutation, the risk of an operation, and the audit row that each mutation leaves.
import { z } from 'zod';

/** read: changes nothing. write: starts or steers work. high: cannot be undone. authority: changes who may do what (socket only). */
export const RISKS = ['read', 'write', 'high', 'authority'] as const;
export type Risk = (typeof RISKS)[number];

/** Roles are few and fixed; each includes the ones before it. `owner` is the OS user on the local socket. */
export const ROLES = ['viewer', 'operator', 'approver', 'owner'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role includes what `needed` may do. */
export const roleIncludes = (role: Role, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);

export const CallerRecordSchema = z.object({
  /** socket: the OS user on the local socket. loopback: a program or page on this machine. engine: a timer, a recovery, a team. */
  kind: z.enum(['socket', 'loopback', 'engine']),
  role: z.enum(ROLES),
  /** What is known of it: `uid:1000`, a client’s User-Agent, the run that asked. */
  detail: z.string(),
});
export type CallerRecord = z.infer<typeof CallerRecordSchema>;

/** Every mutation of the engine, by name; an audit row carries one of these. */
export const OPERATIONS = [
  'event.append',
  'agent.add',
  'agent.remove',
  'agent.trust',
  'agent.alias',
  'agent.unalias',
  'discovery.sweep',
  'invocation.start',
  'invocation.cancel',
  'team_run.start',
  'team_run.pause',
  'team_run.resume',
  'team_run.cancel',
  'install.apply',
  'install.undo',
  'approval.decide',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export const AuditRowSchema = z.object({
  seq: z.int(),
  ts: z.string(),
  caller: CallerRecordSchema,
  operation: z.enum(OPERATIONS),
  risk: z.enum(RISKS),
  /** What it acts on: a run id, an agent’s name. */
  subject: z.string().nullable(),
  /** SHA-256 (hex) of the canonical JSON of the arguments. */
  args_sha256: z.string(),
});
export type AuditRow = z.infer<typeof AuditRowSchema>;
