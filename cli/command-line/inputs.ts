// Inputs of a team from the command line: --input name=text, --input name:=json, --inputs FILE.json.
import { readFileSync } from 'node:fs';
import { UsageProblem } from '../render/problem.ts';

const PAIR = /^([a-z][a-z0-9_]{0,47})(:?=)([\s\S]*)$/;

const fromFile = (path: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
  } catch (error) {
    throw new UsageProblem(
      `The inputs of ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give a file with one JSON object.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageProblem(
      `${path} holds no JSON object`,
      'Give a file such as {"repo": ".", "issue": "…"}.',
    );
  return { ...value };
};

/**
 * The inputs; those of the command line go over those of the file. `name=text` is text, which the daemon reads as the
 * type that the template declares; `name:=json` is JSON.
 */
export const inputsOf = (pairs: readonly string[], file: string | undefined): Record<string, unknown> => {
  const inputs = file === undefined ? {} : fromFile(file);
  for (const pair of pairs) {
    const [, name, sign, text = ''] = PAIR.exec(pair) ?? [];
    if (name === undefined)
      throw new UsageProblem(
        `--input "${pair}" is not name=value`,
        'Give --input name=text, or --input name:=json.',
      );
    if (sign === '=') {
      inputs[name] = text;
      continue;
    }
    try {
      inputs[name] = JSON.parse(text) as unknown;
    } catch {
      throw new UsageProblem(
        `The value of --input ${name}:= is not JSON`,
        `Give text with ${name}=…, or correct the JSON.`,
      );
    }
  }
  return inputs;
};
