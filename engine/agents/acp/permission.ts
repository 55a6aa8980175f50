// A permission request of ACP as a question for a person, and the person’s word as its answer.
import type { ApprovalAnswer, ApprovalAsk } from '../adapter.ts';
import { AgentFault } from '../../processes/agent-fault.ts';
import { ToolCallSchema, type ToolCalls } from './tool-calls.ts';
import type { PermissionRequest, PermissionResponse } from './wire.ts';

const CANCELLED: PermissionResponse = { outcome: { outcome: 'cancelled' } };

/** The option of one of these kinds, the first kind that is offered. */
const choose = ({ options }: PermissionRequest, kinds: readonly string[]): PermissionResponse => {
  for (const kind of kinds) {
    const option = options.find((each) => each.kind === kind);
    if (option !== undefined) return { outcome: { outcome: 'selected', optionId: option.optionId } };
  }
  return CANCELLED;
};

/** What the agent is told. Allowing is for once: an option that would hold for ever is never chosen. */
export const responseTo = (request: PermissionRequest, answer: ApprovalAnswer): PermissionResponse => {
  switch (answer.decision) {
    case 'allow':
      return choose(request, ['allow_once']);
    case 'deny':
    case 'expired':
      return choose(request, ['reject_once', 'reject_always']);
    case 'withdrawn':
      return CANCELLED;
  }
};

/** Whether the agent leaves a person any way to say yes to this alone. */
export const canAllowOnce = ({ options }: PermissionRequest): boolean =>
  options.some(({ kind }) => kind === 'allow_once');

/** The question for a person. `nth` counts the questions of a run: agents may ask twice about one call. */
export const askOf = async (
  request: PermissionRequest,
  tools: ToolCalls,
  cwd: string,
  nth: number,
  withdrawn: AbortSignal,
): Promise<ApprovalAsk> => {
  const call = ToolCallSchema.safeParse(request.toolCall);
  if (!call.success)
    throw new AgentFault('invalid_agent_response', 'The agent asked about a call without an id');
  const { title, name, operation } = await tools.asked(call.data);
  return {
    nativeId: `${request.sessionId}/${call.data.toolCallId}/${String(nth)}`,
    kind: 'permission',
    title,
    tool: name,
    operation: { ...(operation as object), cwd },
    expiresAt: null,
    withdrawn,
  };
};
