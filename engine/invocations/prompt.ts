// Fills the references of a prompt in a single pass: what a value contains is never read as a reference again.
import { LIMITS } from '#machines/nouns/limits';
import { parseReference, PROMPT_REFERENCE } from '#machines/nouns/team';

export interface PromptValues {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Outputs of earlier steps, by step. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Record<string, unknown>)[name]
        : undefined,
    value,
  );

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * The prompt, or the references that lead nowhere. One that is over the limit is filled no further than that: a few
 * references to a large output would make a text that no memory holds.
 */
export const renderPrompt = (
  prompt: string,
  values: PromptValues,
):
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly missing: readonly string[] } => {
  const missing: string[] = [];
  let filled = 0;
  const text = prompt.replace(PROMPT_REFERENCE, (_match, inside: string) => {
    const reference = parseReference(inside);
    const value =
      reference.from === 'inputs'
        ? at(values.inputs, reference.path)
        : reference.from === 'steps'
          ? at(values.outputs[reference.step], reference.path)
          : undefined;
    if (value === undefined) missing.push(reference.text);
    if (value === undefined || filled > LIMITS.promptBytes) return '';
    const part = asText(value);
    filled += part.length;
    return part;
  });
  return missing.length === 0 ? { ok: true, text } : { ok: false, missing };
};
