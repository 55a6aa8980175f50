// The lanes that `npm run test:agents` knows, each with the programs that it needs. A lane is the file NAME.lane.ts.
import type { ProgramName } from './lane-program.ts';

export interface Lane {
  readonly programs: readonly ProgramName[];
  /** What must be set before it can run; it is left out when nobody asked for it by name. */
  readonly needs?: { readonly variable: string; readonly what: string };
}

export const LANES: Readonly<Record<string, Lane>> = {
  openclaw: { programs: ['openclaw'] },
  opencode: { programs: ['opencode'] },
  claude: { programs: ['claude'] },
  codex: { programs: ['codex'] },
  gemini: { programs: ['gemini'] },
  nanoclaw: {
    programs: [],
    needs: { variable: 'NANOCLAW_DIR', what: 'the folder of a NanoClaw that runs on this machine' },
  },
  team: { programs: ['opencode', 'claude', 'codex'] },
};

/** What begins a note of a test that says which program it met, in which version. */
export const VERSION_NOTE = 'program: ';

/** What a call of the lanes comes to. */
export type Choice =
  { readonly run: readonly string[]; readonly leftOut: readonly string[] } | { readonly problem: string };

/**
 * The lanes to run when these are asked for, all when none is: once each, in the order of the table. `leftOut` says why
 * a lane that nobody named does not run. A lane that is named and cannot run is a problem.
 */
export const chooseLanes = (
  asked: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Choice => {
  const names = Object.keys(LANES);
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) return { problem: `No lane ${unknown.join(', ')}; there are ${names.join(', ')}` };
  const lacks = (name: string): string | null => {
    const needs = LANES[name]?.needs;
    return needs === undefined || (env[needs.variable] ?? '') !== ''
      ? null
      : `${needs.variable} is not set; it names ${needs.what}`;
  };
  const run = names.filter((name) => (asked.length === 0 ? lacks(name) === null : asked.includes(name)));
  const cannot = run.flatMap((name) => {
    const why = lacks(name);
    return why === null ? [] : [`The lane ${name} cannot run: ${why}`];
  });
  if (cannot.length > 0) return { problem: cannot.join('\n') };
  const leftOut = names.flatMap((name) => {
    const why = asked.length === 0 ? lacks(name) : null;
    return why === null ? [] : [`${name} is left out: ${why}`];
  });
  return { run, leftOut };
};
