// Fills the references of a prompt in a single pass: what a value contains is never read as a reference again.
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

/** The prompt, or the references that lead nowhere. */
export const renderPrompt = (
  prompt: string,
  values: PromptValues,
):
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly missing: readonly string[] } => {
  const missing: string[] = [];
  const text = prompt.replace(PROMPT_REFERENCE, (_match, inside: string) => {
    const reference = parseReference(inside);
    const value =
      reference.from === 'inputs'
        ? at(values.inputs, reference.path)
        : reference.from === 'steps'
          ? at(values.outputs[reference.step], reference.path)
          : undefined;
    if (value === undefined) missing.push(reference.text);
    return value === undefined ? '' : asText(value);
  });
  return missing.length === 0 ? { ok: true, text } : { ok: false, missing };
};
