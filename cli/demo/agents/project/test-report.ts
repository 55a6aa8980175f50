// What a test run printed -> numbers, names of failing tests and places in the code. Reads node:test, TAP, mocha, jest and vitest.

export interface TestReport {
  readonly total: number | null;
  readonly failed: number | null;
  /** Names of failing tests, each once. */
  readonly failing: readonly string[];
  /** Places named in stack traces, nearest frame first. */
  readonly frames: readonly { readonly path: string; readonly line: number }[];
}

const number = (output: string, ...patterns: RegExp[]): number | null => {
  for (const pattern of patterns) {
    const found = pattern.exec(output)?.[1];
    if (found !== undefined) return Number(found);
  }
  return null;
};

/** Groups (files, suites) fail with what is in them; they are named without a duration of their own. */
const NAMES = [
  /^\s*✖ (.+?) \(\d[\d.]*ms\)\s*$/gm,
  /^\s*not ok \d+ - (.+?)\s*$/gm,
  /^\s*[✕×] (.+?)(?: \(?\d+ ?ms\)?)?\s*$/gm,
];

export const readTestOutput = (output: string): TestReport => {
  const failed = number(output, /^(?:ℹ|#) fail (\d+)/m, /^\s*(\d+) failing/m, /^\s*Tests:?\s+(\d+) failed/m);
  const passed = number(output, /^(?:ℹ|#) pass (\d+)/m, /^\s*(\d+) passing/m, /^\s*Tests:?.*?(\d+) passed/m);
  const total = number(output, /^(?:ℹ|#) tests (\d+)/m);
  const names = NAMES.flatMap((pattern) => [...output.matchAll(pattern)].map((match) => match[1] ?? ''));
  const frames = [...output.matchAll(/(?:\(|\s)(?:file:\/\/)?(\/[^\s():]+):(\d+):\d+\)?/g)].map((match) => ({
    path: match[1] ?? '',
    line: Number(match[2]),
  }));
  return {
    total: total ?? (passed === null && failed === null ? null : (passed ?? 0) + (failed ?? 0)),
    failed,
    failing: [...new Set(names)],
    frames,
  };
};
