// What a template’s steps refer to: roles, other steps, inputs. Each reference must lead somewhere that exists by then.
import type { Step, TeamTemplate, WorkStep } from '#machines/nouns/team';
import { isWorkStep, PROMPT_REFERENCE, promptReferences } from '#machines/nouns/team';
import type { TemplateFault } from './issues.ts';
import { didYouMean } from './nearest.ts';

type Path = readonly (string | number)[];
type Schema = Readonly<Record<string, unknown>>;

export interface ReferenceFault extends TemplateFault {
  readonly severity: 'error' | 'warning';
}

/** A work step with its place and the steps that have ended for sure before it begins. */
interface Placed {
  readonly step: WorkStep;
  readonly path: Path;
  readonly before: ReadonlySet<string>;
}

/** Every work step, those inside parallel groups included. */
export const placedSteps = (steps: readonly Step[]): Placed[] => {
  const placed: Placed[] = [];
  const done = new Set<string>();
  steps.forEach((step, index) => {
    const path: Path = ['steps', index];
    if (isWorkStep(step)) placed.push({ step, path, before: new Set(done) });
    else if ('parallel' in step)
      step.parallel.forEach((branch, branchIndex) => {
        const inBranch = new Set(done);
        const branchPath: Path = [...path, 'parallel', branchIndex];
        (Array.isArray(branch) ? branch : [branch]).forEach((inner, innerIndex) => {
          const innerPath = Array.isArray(branch) ? [...branchPath, innerIndex] : branchPath;
          placed.push({ step: inner, path: innerPath, before: new Set(inBranch) });
          inBranch.add(inner.id);
        });
      });
    done.add(step.id);
    if ('parallel' in step) for (const inner of step.parallel.flat()) done.add(inner.id);
  });
  return placed;
};

const allIds = (steps: readonly Step[]): { id: string; path: Path }[] => {
  const ids: { id: string; path: Path }[] = steps.map((step, index) => ({
    id: step.id,
    path: ['steps', index, 'id'],
  }));
  for (const { step, path } of placedSteps(steps))
    if (path.length > 2) ids.push({ id: step.id, path: [...path, 'id'] });
  return ids;
};

/** Whether a declared schema rules a path out: the first key that it has no place for, else null. */
const missingIn = (schema: Schema, path: readonly string[]): string | null => {
  let node: unknown = schema;
  for (const key of path) {
    if (typeof node !== 'object' || node === null) return null;
    const { type, properties } = node as Schema;
    if (typeof type === 'string' && type !== 'object' && type !== 'array') return key;
    if (typeof properties !== 'object' || properties === null) return null;
    if (!Object.hasOwn(properties, key)) return key;
    node = (properties as Schema)[key];
  }
  return null;
};

const promptFaults = (
  template: TeamTemplate,
  prompt: string,
  path: Path,
  own: string,
  before: ReadonlySet<string>,
  outputs: ReadonlyMap<string, Schema>,
): ReferenceFault[] => {
  const faults: ReferenceFault[] = [];
  const add = (message: string, severity: 'error' | 'warning' = 'error'): void => {
    faults.push({ path, message, at: 'value', severity });
  };
  const ids = allIds(template.steps).map(({ id }) => id);
  if (/\{\{|\}\}/.test(prompt.replace(PROMPT_REFERENCE, '')))
    add('a reference is not closed; write {{ inputs.name }} or {{ steps.id.output.path }}');
  for (const reference of promptReferences(prompt)) {
    const shown = `{{ ${reference.text} }}`;
    if (reference.from === 'unknown')
      add(`${shown} is no reference; write {{ inputs.name }} or {{ steps.id.output.path }}`);
    else if (reference.from === 'inputs') {
      const [name = '', ...rest] = reference.path;
      const input = Object.hasOwn(template.inputs, name) ? template.inputs[name] : undefined;
      if (input === undefined)
        add(`${shown}: there is no input \`${name}\`${didYouMean(name, Object.keys(template.inputs))}`);
      else if (rest.length > 0 && input.type !== 'object' && input.type !== 'array')
        add(`${shown}: the input \`${name}\` is a ${input.type} and holds no \`${rest.join('.')}\``);
    } else if (reference.step === own) add(`${shown}: a step cannot use its own output`);
    else if (!ids.includes(reference.step))
      add(`${shown}: there is no step \`${reference.step}\`${didYouMean(reference.step, ids)}`);
    else if (!before.has(reference.step))
      add(`${shown}: the step \`${reference.step}\` has not ended when this one begins`);
    else {
      const schema = outputs.get(reference.step);
      const missing = schema === undefined ? null : missingIn(schema, reference.path);
      if (missing !== null)
        add(`${shown}: the output schema of \`${reference.step}\` does not name \`${missing}\``, 'warning');
    }
  }
  return faults;
};

/** Faults of roles, ids and references of a template that fits the schema. */
export const referenceFaults = (template: TeamTemplate): ReferenceFault[] => {
  const faults: ReferenceFault[] = [];
  const add = (path: Path, message: string, severity: 'error' | 'warning' = 'error'): void => {
    faults.push({ path, message, at: severity === 'warning' ? 'key' : 'value', severity });
  };
  const roles = Object.keys(template.roles);
  const used = new Set<string>();
  const useRole = (role: string, path: Path): void => {
    used.add(role);
    if (!roles.includes(role)) add(path, `there is no role \`${role}\`${didYouMean(role, roles)}`);
  };
  const seen = new Set<string>();
  for (const { id, path } of allIds(template.steps)) {
    if (seen.has(id)) add(path, `the step id \`${id}\` is used twice`);
    seen.add(id);
  }
  const needStep = (id: string, path: Path): void => {
    if (!seen.has(id)) add(path, `there is no step \`${id}\`${didYouMean(id, seen)}`);
  };
  const placed = placedSteps(template.steps);
  const outputs = new Map(
    placed.flatMap(({ step }) => (step.output === undefined ? [] : [[step.id, step.output] as const])),
  );
  for (const { step, path, before } of placed) {
    useRole(step.role, [...path, 'role']);
    faults.push(...promptFaults(template, step.prompt, [...path, 'prompt'], step.id, before, outputs));
    if (step.compensate !== undefined) {
      useRole(step.compensate.role, [...path, 'compensate', 'role']);
      const after = new Set([...before, step.id]);
      faults.push(
        ...promptFaults(
          template,
          step.compensate.prompt,
          [...path, 'compensate', 'prompt'],
          '',
          after,
          outputs,
        ),
      );
    }
    const target = step.on_fail?.goto;
    if (target !== undefined && target !== step.id && !before.has(target)) {
      needStep(target, [...path, 'on_fail', 'goto']);
      if (seen.has(target)) add([...path, 'on_fail', 'goto'], 'goto leads back, never forward');
    }
  }
  template.steps.forEach((step, index) => {
    if (step.when !== undefined) needStep(step.when.step, ['steps', index, 'when', 'step']);
  });
  if (template.terminate !== undefined) needStep(template.terminate.when.step, ['terminate', 'when', 'step']);
  for (const role of roles)
    if (!used.has(role)) add(['roles', role], `no step uses the role \`${role}\``, 'warning');
  return faults;
};
