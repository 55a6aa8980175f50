// The drawable form of a team run's machine: read from the compiled machine itself, so that a picture cannot lie.
import type { Chart } from '../nouns/run.ts';
import { isWorkStep, type TeamTemplate } from '../nouns/team.ts';
import { STATE, type TeamMachine } from './compile.ts';
import type { TransitionMeta } from './parts.ts';

type Node = TeamMachine['root'];
type Transition = Node['always'] extends readonly (infer T)[] | undefined ? T : never;

const path = (node: Node): string => node.path.join('.');

const typeOf = (node: Node): Chart['states'][number]['type'] => node.type;

/** `$end` is ours; people read `done`. */
const nameOf = (node: Node): string =>
  node.key === STATE.end ? 'done' : node.key === STATE.resume ? 'H' : node.key;

const allNodes = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => allNodes(child as Node)),
];

const kindOf = ({ eventType }: Transition): Chart['transitions'][number]['type'] => {
  const event: string = eventType;
  return event === '' ? 'always' : event.startsWith('xstate.after.') ? 'after' : 'event';
};

const roleLabel = (template: TeamTemplate, role: string): string => {
  const bound = template.roles[role];
  if (bound === undefined) return role;
  return 'agent' in bound ? bound.agent : `any that can ${bound.skill}`;
};

/**
 * The chart of a compiled template. State ids are paths (`running.analyze`); `agents` gives, for a run, the agent
 * that a step was bound to. Transitions without a target (a step taking note of its outcome) are not drawn.
 */
export const chartOf = (
  machine: TeamMachine,
  template: TeamTemplate,
  agents: Readonly<Record<string, string>> = {},
): Chart => {
  const nodes = allNodes(machine.root).filter((node) => node !== machine.root);
  const steps = new Map(template.steps.filter(isWorkStep).map((step) => [step.id, step]));
  const states = nodes.map((node) => {
    const step = node.parent !== undefined && node.parent !== machine.root ? steps.get(node.key) : undefined;
    const initialChild = Object.values(node.initial.target ?? [])[0];
    return {
      id: path(node),
      name: nameOf(node),
      parent: node.parent === undefined || node.parent === machine.root ? null : path(node.parent as Node),
      type: typeOf(node),
      initial: node.type === 'compound' && initialChild !== undefined ? initialChild.path.join('.') : null,
      step: step?.id ?? null,
      agent: step === undefined ? null : (agents[step.id] ?? roleLabel(template, step.role)),
    };
  });
  const transitions = nodes.flatMap((node) =>
    [...(node.always ?? []), ...[...node.transitions.values()].flat()].flatMap((transition, index) => {
      const [target] = transition.target ?? [];
      if (target === undefined) return [];
      const meta = transition.meta as TransitionMeta | undefined;
      return [
        {
          id: `${path(node)}#${index}`,
          source: path(node),
          target: target.path.join('.'),
          label: meta?.label ?? transition.eventType,
          guard: meta?.guard ?? null,
          type: kindOf(transition),
        },
      ];
    }),
  );
  return { id: machine.id, states, transitions };
};

/** The structure of a machine as canonical text: what a snapshot depends on. The engine keeps its hash. */
export const structureOf = (machine: TeamMachine): string => {
  const describe = (node: Node): unknown => [
    node.key,
    node.type,
    [...node.transitions.entries()].map(([event, list]) => [
      event,
      list.map(({ target }) => (target ?? []).map(({ id }) => id)),
    ]),
    (node.always ?? []).map(({ target }) => (target ?? []).map(({ id }) => id)),
    Object.values(node.states).map((child) => describe(child as Node)),
  ];
  return JSON.stringify(describe(machine.root));
};
