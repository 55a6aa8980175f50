// Who asks. The only place that makes a Caller; every mutation of the engine takes one as its first argument.
import type { CallerRecord, Role } from '#machines/nouns/audit';

declare const brand: unique symbol;

/** Proof that a request was attributed; branded so that nothing else can make one. */
export type Caller = CallerRecord & { readonly [brand]: true };

const make = (kind: CallerRecord['kind'], role: Role, detail: string): Caller =>
  Object.freeze({ kind, role, detail }) as Caller;

/** A peer of the local socket (0600 in a 0700 folder): the OS user that owns the daemon. */
export const socketCaller = (detail: string): Caller => make('socket', 'owner', detail);

/** A peer of the loopback TCP port. Any local program may be one, so it gets no authority. */
export const loopbackCaller = (detail: string): Caller => make('loopback', 'approver', detail);

/** The engine itself: a timer, a recovery, the step of a team. */
export const engineCaller = (detail: string): Caller => make('engine', 'operator', detail);

/** What is recorded of a caller. */
export const callerRecord = (caller: Caller): CallerRecord => ({
  kind: caller.kind,
  role: caller.role,
  detail: caller.detail,
});
