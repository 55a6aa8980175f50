// Where the log lives in a data folder. The names are those of earlier tools, but the database's.
import { join } from 'node:path';

/** The mirror: one JSON object a line. */
export const eventsFile = (dataDir: string): string => join(dataDir, 'events.jsonl');

/** Lines of the mirror that are no events, kept aside with their offsets and reasons. */
export const rejectedFile = (dataDir: string): string => join(dataDir, 'events.rejected.jsonl');
