// Every route has its handler: a line in contract/routes.ts without one does not compile.
import { agentHandlers } from './agents.ts';
import { approvalHandlers } from './approvals.ts';
import { daemonHandlers } from './daemon.ts';
import { eventHandlers } from './events.ts';
import type { Handlers } from './handler.ts';
import { installHandlers } from './installs.ts';
import { invocationHandlers } from './invocations.ts';
import { teamRunHandlers } from './team-runs.ts';
import { templateHandlers } from './templates.ts';

export const HANDLERS: Handlers = {
  ...agentHandlers,
  ...approvalHandlers,
  ...daemonHandlers,
  ...eventHandlers,
  ...installHandlers,
  ...invocationHandlers,
  ...teamRunHandlers,
  ...templateHandlers,
};
