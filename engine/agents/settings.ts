// Holds the settings of an entry to what its kind declares: a wrong one is refused where entries are read, and an agent that
// is stored with one (by an earlier version) has it as its problem.
import type { AgentEntry } from '#machines/nouns/agent';
import { failure, type Failure } from '#machines/nouns/error';
import { didYouMean } from '../templates/nearest.ts';
import type { AgentAdapter, Outcome } from './adapter.ts';

const SHOWN_CHARS = 80;

/**
 * What is wrong with the settings of an entry: the first one that its kind does not know, or that has another type; null
 * when all are right. Names the setting, the kind and what the kind knows.
 */
export const wrongSetting = (
  { kind, settings: schemaOf }: Pick<AgentAdapter, 'kind' | 'settings'>,
  entry: AgentEntry,
): Failure | null => {
  if (entry.settings === undefined) return null;
  const { known, others } = schemaOf(entry);
  const names = Object.keys(known);
  const all = [...names, ...(others === undefined ? [] : [others.words])].join(', ');
  for (const [name, value] of Object.entries(entry.settings)) {
    const schema = Object.hasOwn(known, name) ? known[name] : undefined;
    if (schema === undefined) {
      if (others?.pattern.test(name) === true) continue;
      const hint = didYouMean(name, names);
      return failure('invalid_input', `${kind} has no setting ${name}${hint || ';'} it knows ${all}`);
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) continue;
    const shown = JSON.stringify(value).slice(0, SHOWN_CHARS);
    const takes = parsed.error.issues[0]?.message ?? 'something else';
    return failure('invalid_input', `The setting ${name} of ${kind} is ${shown}; it takes ${takes}`);
  }
  return null;
};

/** The adapter, which never meets settings that it has not declared: they are the problem of the agent, and of its calls. */
export const withSettingsChecked = (adapter: AgentAdapter): AgentAdapter => ({
  ...adapter,

  async probe(target, options) {
    const problem = wrongSetting(adapter, target.entry);
    if (problem === null) return adapter.probe(target, options);
    const none = { name: null, version: null, protocol: null, description: '', skills: [], card: null };
    return { ok: false, ...none, latencyMs: 0, problem };
  },

  async invoke(request, sink): Promise<Outcome> {
    const error = wrongSetting(adapter, request.target.entry);
    return error === null ? adapter.invoke(request, sink) : { status: 'failed', artifacts: [], error };
  },
});
