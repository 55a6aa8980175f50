// From what was typed into the form of a team's inputs to the inputs of a start, or what is wrong with which field. Pure.
import type { RouteAnswer } from '#api/contract/shapes';

export type Template = RouteAnswer<'templates.list'>[number];
export type TemplateInput = Template['inputs'][string];
export type FieldError = 'missing' | 'notNumber' | 'notJson' | 'notObject' | 'notArray';

/** What a field shows at first: the default of the input, as text. */
export const initialText = (input: TemplateInput): string => {
  if (input.default === undefined || input.default === null) return '';
  return typeof input.default === 'string' ? input.default : JSON.stringify(input.default);
};

/** An input without a default must be given. */
export const isRequired = (input: TemplateInput): boolean => input.default === undefined;

type Read = { readonly value: unknown } | { readonly error: FieldError } | { readonly absent: true };

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One field: its value, an error, or nothing (then the default holds). */
export const readField = (input: TemplateInput, text: string): Read => {
  if (input.type === 'boolean') return { value: text === 'true' };
  if (text.trim() === '') return isRequired(input) ? { error: 'missing' } : { absent: true };
  if (input.type === 'string') return { value: text };
  if (input.type === 'number') {
    const value = Number(text);
    return Number.isFinite(value) ? { value } : { error: 'notNumber' };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: 'notJson' };
  }
  if (input.type === 'object') return isObject(value) ? { value } : { error: 'notObject' };
  return Array.isArray(value) ? { value } : { error: 'notArray' };
};

export interface FormRead {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, FieldError>>;
}

/** What a form has for an input. Names come from templates: `constructor` is one, and every object has that. */
export const ofInput = <T>(form: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(form, name) ? form[name] : undefined;

/** All fields of a template. */
export const readForm = (template: Template, texts: Readonly<Record<string, string>>): FormRead => {
  const inputs: Record<string, unknown> = {};
  const errors: Record<string, FieldError> = {};
  for (const [name, input] of Object.entries(template.inputs)) {
    const read = readField(input, ofInput(texts, name) ?? initialText(input));
    if ('error' in read) errors[name] = read.error;
    else if ('value' in read) inputs[name] = read.value;
  }
  return { inputs, errors };
};

/** The fields that a problem of the server is about: named in its members, or at the beginning of its words. */
export const fieldsNamed = (
  template: Template,
  problem: { readonly message: string; readonly extra: Readonly<Record<string, unknown>> },
): string[] => {
  const words = JSON.stringify(problem.extra);
  return Object.keys(template.inputs).filter(
    (name) => words.includes(`"${name}"`) || new RegExp(`\\b${name}\\b`).test(problem.message),
  );
};
