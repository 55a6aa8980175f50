// Which lines ran: V8 coverage of a test run, read from the files that NODE_V8_COVERAGE makes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[]; readonly isBlockCoverage: boolean }[];
}

/** Lines (from 1) of each file that ran, by absolute path. */
export type RanLines = ReadonlyMap<string, ReadonlySet<number>>;

/** Marks each character as run or not: later ranges lie inside earlier ones and overrule them. */
const ranLines = (text: string, script: ScriptCoverage): Set<number> => {
  const ran = new Uint8Array(text.length);
  for (const { ranges } of script.functions)
    for (const { startOffset, endOffset, count } of ranges)
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  const lines = new Set<number>();
  let line = 1;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\n') line += 1;
    else if (ran[at] === 1 && !/\s/.test(text[at] ?? '')) lines.add(line);
  }
  return lines;
};

/** Reads all coverage files of a folder; only files of `paths` (absolute) are looked at. */
export const readCoverage = (dir: string, paths: ReadonlySet<string>): RanLines => {
  const all = new Map<string, Set<number>>();
  for (const name of readdirSync(dir).filter((file) => file.endsWith('.json'))) {
    const { result } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as {
      result: readonly ScriptCoverage[];
    };
    for (const script of result) {
      if (!script.url.startsWith('file:')) continue;
      const path = fileURLToPath(script.url);
      if (!paths.has(path)) continue;
      const lines = all.get(path) ?? new Set<number>();
      for (const line of ranLines(readFileSync(path, 'utf8'), script)) lines.add(line);
      all.set(path, lines);
    }
  }
  return all;
};
