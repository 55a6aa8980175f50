// What a figure depends on besides the code: the versions, the machine, and how busy it is.
import { cpus, loadavg } from 'node:os';

/** Printed with each case: this Node, the processors, and the load average of the last minute (it is a shared machine’s). */
export const surroundings = (): { readonly node: string; readonly cpus: number; readonly load: number } => ({
  node: process.versions.node,
  cpus: cpus().length,
  load: loadavg()[0] ?? Number.NaN,
});

/** How the durability classes of docs/performance.md are named in a report. */
export const DURABILITY = { FULL: 'F (power cut)', NORMAL: 'P (process crash)' } as const;
