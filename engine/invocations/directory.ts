// The agents as calls see them: who a name or a skill stands for, and of what kind it is.
import type { AgentAdapter, Target } from '../agents/adapter.ts';
import type { InvocationRow } from './invocation-row.ts';

/** What a step's row keeps to be rendered when its job runs: {role?, values} (engine/runs writes it). */
export interface StepData {
  readonly skill?: { readonly id: string; readonly prefer: readonly string[] };
  readonly values?: { readonly inputs: Record<string, unknown>; readonly outputs: Record<string, unknown> };
}

/** What the engine knows of agents, as far as invocations need it. */
export interface AgentDirectory {
  /** Throws unknown_agent. */
  target(name: string): Target;
  /** For what a person asks: an exact name, an alias, or `skill:ID`. Throws also ambiguous_agent, agent_unreachable. */
  asked(word: string): Target;
  /** The first fitting agent. Throws agent_unreachable when none offers the skill. */
  withSkill(skill: string, prefer: readonly string[]): Target;
  /** Throws unsupported_agent_kind. */
  adapter(kind: string): AgentAdapter;
}

/** Who does it: a name stays, a skill is looked up now; while nobody offers it, it stays open until the job runs. */
export const bindNow = (agents: AgentDirectory, agent: string, data: unknown): string => {
  const { skill } = data as StepData;
  if (skill === undefined || !isOpen(agent)) return agent;
  try {
    return agents.withSkill(skill.id, skill.prefer).name;
  } catch {
    return agent;
  }
};

/** Of what kind an agent is; null while nobody has its name. */
export const kindNow = (agents: AgentDirectory, agent: string): string | null => {
  try {
    return agents.target(agent).kind;
  } catch {
    return null;
  }
};

/** Whether an agent is still to be found by what it can do. */
export const isOpen = (agent: string): boolean => agent.startsWith('skill:');

/** Who is asked: by name, or whoever offers the skill now. Throws what `target` and `withSkill` of the directory throw. */
export const targetOf = (agents: AgentDirectory, row: InvocationRow): Target => {
  const { skill } = row.data as StepData;
  if (!isOpen(row.agent))
    try {
      return agents.target(row.agent);
    } catch (error) {
      // It was found by what it can do, and has left the mesh since: another one may do it, if nobody has begun.
      if (skill === undefined || row.startedAt !== null) throw error;
    }
  return agents.withSkill(skill?.id ?? '', skill?.prefer ?? []);
};
