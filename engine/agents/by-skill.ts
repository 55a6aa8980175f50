// Which agent gets work that asks for a skill: pure, over the rows of the registry.
import { MeshError } from '#machines/nouns/error';
import type { AgentRow } from './agent-rows.ts';
import { refusalOf } from './trust.ts';

/**
 * The first of `prefer` that offers the skill and is reachable, else the first by name. Agents that are not trusted are
 * passed over. Throws unknown_agent when none offers it, agent_unreachable when none that does answers, and the reason
 * when those that answer may not be called.
 */
export const chooseBySkill = (
  rows: Iterable<AgentRow>,
  skill: string,
  prefer: readonly string[],
): AgentRow => {
  const able = [...rows].filter((row) => row.skills.some(({ id }) => id === skill));
  if (able.length === 0) {
    throw new MeshError('unknown_agent', `No agent offers the skill ${skill}`, { skill, suggestions: [] });
  }
  const here = able.filter((row) => row.presence.presence === 'reachable');
  const allowed = here.filter((row) => refusalOf(row.name, row) === null);
  const chosen = prefer
    .map((name) => allowed.find((row) => row.name === name))
    .find((row) => row !== undefined);
  const found = chosen ?? allowed[0];
  if (found !== undefined) return found;
  const [refused] = here.map((row) => refusalOf(row.name, row));
  if (refused !== undefined && refused !== null) throw refused;
  const names = able.map(({ name }) => name).join(', ');
  throw new MeshError(
    'agent_unreachable',
    `No agent that offers the skill ${skill} is reachable (${names})`,
    { skill },
  );
};

/** What stands before a skill where a name could stand: `skill:translate`. */
export const SKILL_PREFIX = 'skill:';

/**
 * The one agent that offers the skill, is reachable and may be called: for people, for whom nothing is guessed. Throws
 * ambiguous_agent with `suggestions` when there are several, and what chooseBySkill throws when there is none.
 */
export const theOneWithSkill = (rows: readonly AgentRow[], skill: string): AgentRow => {
  const first = chooseBySkill(rows, skill, []);
  const others = rows.filter(
    (row) =>
      row.skills.some(({ id }) => id === skill) &&
      row.presence.presence === 'reachable' &&
      refusalOf(row.name, row) === null,
  );
  if (others.length === 1) return first;
  const names = others.map(({ name }) => name);
  throw new MeshError('ambiguous_agent', `${names.join(' and ')} offer the skill ${skill}`, {
    skill,
    suggestions: names.slice(0, 5),
  });
};
