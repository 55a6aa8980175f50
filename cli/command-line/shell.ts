// What finding a program needs of the caller's shell; the rest of it is nobody's business.
const SHELL = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'];

/** Those variables, and the program's own: those that begin with `prefix`. */
export const shellOf = (
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter(
      (pair): pair is [string, string] =>
        pair[1] !== undefined && (SHELL.includes(pair[0]) || pair[0].startsWith(prefix)),
    ),
  );
