// What every benchmark reports: one JSON line a case.

/** Percentile of unsorted samples, by nearest rank. */
export const percentile = (samples: readonly number[], p: number): number => {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
};

/** Three significant digits: more would be noise. */
export const round = (value: number): number => Number(value.toPrecision(3));

/** Prints a case. */
export const report = (name: string, figures: Readonly<Record<string, unknown>>): void => {
  const rounded = Object.entries(figures).map(([key, value]) => [
    key,
    typeof value === 'number' ? round(value) : value,
  ]);
  process.stdout.write(`${JSON.stringify({ case: name, ...Object.fromEntries(rounded) })}\n`);
};

/** CPU milliseconds (user and system) that `work` used, and its wall milliseconds. */
export const timed = async (
  work: () => Promise<void>,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> => {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1_000 };
};
