// What the disk below a durable answer takes: four KiB appended and synced, again and again.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from './measure.ts';

const TIMES = 200;

/** Median milliseconds of one write and fdatasync in the temporary folder. */
export const fsyncMs = (): number => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-fsync-'));
  const file = openSync(join(folder, 'file'), 'a');
  const bytes = Buffer.alloc(4_096, 'x');
  const samples = Array.from({ length: TIMES }, () => {
    const start = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  rmSync(folder, { recursive: true, force: true });
  return percentile(samples, 50);
};
