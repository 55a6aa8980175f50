// Where a run takes place at OpenClaw: an agent, and a session of its own.
import { createHash } from 'node:crypto';
import type { InvokeRequest, Target } from '../adapter.ts';

/** The agent of OpenClaw that a target means. */
export const agentIdOf = (target: Target): string => String(target.entry.settings?.['agent'] ?? 'main');

/** A session of its own for each run, found again by the key alone. */
export const sessionKeyOf = ({ target, key }: Pick<InvokeRequest, 'target' | 'key'>): string =>
  `agent:${agentIdOf(target)}:agentmesh:${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
