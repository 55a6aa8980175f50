// Where the log lives in a data folder.
import { join } from 'node:path';
import { FILES } from '#machines/nouns/data-folder';

/** The mirror: one JSON object a line. */
export const eventsFile = (dataDir: string): string => join(dataDir, FILES.events);

/** Lines of the mirror that are no events, kept aside with their offsets and reasons. */
export const rejectedFile = (dataDir: string): string => join(dataDir, FILES.rejected);

/** The table of events, and everything else. */
export const databaseFile = (dataDir: string): string => join(dataDir, FILES.database);
