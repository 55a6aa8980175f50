// What an entry says about its sessions: `authenticate`, `mode`, `idle_seconds`, and the agent’s own options by their id.
import { methods, type ClientContext } from '@agentclientprotocol/sdk';
import type { AgentEntry } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';
import { z } from 'zod';
import { AgentFault } from '../../processes/agent-fault.ts';

/** Settings that are not for a session: `agent` only tells agents at one address apart. */
const NOT_OPTIONS = ['agent', 'authenticate', 'idle_seconds'];

/** How long the program of an entry waits for its next run, in milliseconds; 0: it is ended with each run. */
export const idleMsOf = ({ settings }: Pick<AgentEntry, 'settings'>): number => {
  const seconds = settings?.['idle_seconds'];
  return typeof seconds === 'number' ? seconds * 1_000 : LIMITS.keptProgramMs;
};

/** What session/new answers; what it offers is read with patience. */
export const SessionSchema = z.object({
  sessionId: z.string().min(1),
  modes: z
    .object({ availableModes: z.array(z.looseObject({ id: z.string() })) })
    .nullish()
    .catch(undefined),
  configOptions: z
    .array(z.looseObject({ id: z.string(), type: z.string().optional().catch(undefined) }))
    .nullish()
    .catch(undefined),
});
export type Session = z.infer<typeof SessionSchema>;

/**
 * Brings a new session into the state that the entry asks for. Throws AgentFault (invalid_input) for a mode or an
 * option that the agent does not offer, RequestError when the agent refuses it.
 */
export const applySettings = async (
  agent: ClientContext,
  session: Session,
  settings: AgentEntry['settings'] = {},
): Promise<void> => {
  const { sessionId } = session;
  const modes = session.modes?.availableModes.map(({ id }) => id) ?? [];
  const options = session.configOptions ?? [];
  for (const [id, value] of Object.entries(settings)) {
    if (NOT_OPTIONS.includes(id)) continue;
    const option = options.find((each) => each.id === id);
    // Newer agents have the mode among their options.
    if (option === undefined && id === 'mode' && modes.length > 0) {
      if (!modes.includes(String(value)))
        throw new AgentFault(
          'invalid_input',
          `The agent has no mode ${String(value)}; it offers ${modes.join(', ')}`,
        );
      await agent.request(methods.agent.session.setMode, { sessionId, modeId: String(value) });
    } else if (option === undefined) {
      const offered = [...options.map((each) => each.id), ...(modes.length > 0 ? ['mode'] : [])];
      throw new AgentFault(
        'invalid_input',
        `The agent has no option ${id}; it offers ${offered.length === 0 ? 'none' : offered.join(', ')}`,
      );
    } else
      await agent.request(
        methods.agent.session.setConfigOption,
        option.type === 'boolean'
          ? { sessionId, configId: id, type: 'boolean', value: value === true }
          : { sessionId, configId: id, value: String(value) },
      );
  }
};
