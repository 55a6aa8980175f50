// Kysely, loaded when the first query is compiled: 260 modules, a third of what a start would cost.
// Required, not imported: a statement is made synchronously, and Node refuses to require what an import() still loads.
import { createRequire } from 'node:module';
import type * as Library from 'kysely';
import type * as Migration from 'kysely/migration';

const load = createRequire(import.meta.url);

/** The library. */
export const kysely = (): typeof Library => load('kysely') as typeof Library;

/** Its migrator. */
export const kyselyMigration = (): typeof Migration => load('kysely/migration') as typeof Migration;
