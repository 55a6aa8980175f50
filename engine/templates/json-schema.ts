// The JSON Schema of a team template, made from the zod schema: for editors, and for "did you mean".
import { z } from 'zod';
import { TeamTemplateSchema } from '#machines/nouns/team';

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema as published in templates/team.schema.json (draft 2020-12). */
export const templateJsonSchema = (): Node => ({
  ...z.toJSONSchema(TeamTemplateSchema, { target: 'draft-2020-12', io: 'input' }),
  title: 'AgentMesh team template (agentmesh/v1)',
});

let cached: Node | null = null;
const whole = (): Node => (cached ??= templateJsonSchema());

/** A node with its references and alternatives laid open. */
const open = (node: unknown): Node[] => {
  if (!isNode(node)) return [];
  const found: Node[] = [node];
  const { $ref } = node;
  if (typeof $ref === 'string' && $ref.startsWith('#/')) {
    let target: unknown = whole();
    for (const key of $ref.slice(2).split('/')) target = isNode(target) ? target[key] : undefined;
    found.push(...open(target));
  }
  for (const key of ['anyOf', 'oneOf', 'allOf'])
    if (Array.isArray(node[key])) found.push(...node[key].flatMap(open));
  return found;
};

/** The keys that the language knows at a path of a template. */
export const knownKeys = (path: readonly (string | number)[]): string[] => {
  let nodes = open(whole());
  for (const part of path)
    nodes = nodes.flatMap((node) => {
      if (typeof part === 'number') return open(node['items']);
      const properties = isNode(node['properties']) ? node['properties'] : {};
      return open(Object.hasOwn(properties, part) ? properties[part] : node['additionalProperties']);
    });
  return [
    ...new Set(nodes.flatMap((node) => (isNode(node['properties']) ? Object.keys(node['properties']) : []))),
  ];
};
