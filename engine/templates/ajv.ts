// Ajv for JSON Schema 2020-12, loaded when the first schema is met: few templates declare one, and every start would pay.
import { createRequire } from 'node:module';
import type * as Ajv from 'ajv/dist/2020.js';

const load = createRequire(import.meta.url);

/** A compiler of schemas with these options. Judging stays synchronous, so the module is required, not imported. */
export const ajv2020 = (options: Ajv.Options): Ajv.Ajv2020 => {
  const { Ajv2020 } = load('ajv/dist/2020.js') as typeof Ajv;
  return new Ajv2020(options);
};
