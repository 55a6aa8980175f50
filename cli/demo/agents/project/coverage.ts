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

/** Lines (from 1) of each file that ran, by absolute path; true where a function was called, false where a module was only loaded. */
export type RanLines = ReadonlyMap<string, ReadonlyMap<number, boolean>>;

const NOT_RUN = 0;
const LOADED = 1;
const CALLED = 2;

/** Marks each character: later ranges lie inside earlier ones and overrule them. */
const ranLines = (text: string, script: ScriptCoverage, lines: Map<number, boolean>): void => {
  const marks = new Uint8Array(text.length);
  for (const { ranges } of script.functions) {
    const whole = ranges[0];
    const isModule = whole?.startOffset === 0 && whole.endOffset >= text.length;
    const ran = isModule ? LOADED : CALLED;
    for (const { startOffset, endOffset, count } of ranges)
      marks.fill(count > 0 ? ran : NOT_RUN, startOffset, endOffset);
  }
  let line = 1;
  for (let at = 0; at < text.length; at += 1) {
    const mark = marks[at] ?? NOT_RUN;
    if (text[at] === '\n') line += 1;
    else if (mark !== NOT_RUN && !/\s/.test(text[at] ?? ''))
      lines.set(line, mark === CALLED || lines.get(line) === true);
  }
};

/** Reads all coverage files of a folder; only files of `paths` (absolute) are looked at. */
export const readCoverage = (dir: string, paths: ReadonlySet<string>): RanLines => {
  const all = new Map<string, Map<number, boolean>>();
  for (const name of readdirSync(dir).filter((file) => file.endsWith('.json'))) {
    const { result } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as {
      result: readonly ScriptCoverage[];
    };
    for (const script of result) {
      if (!script.url.startsWith('file:')) continue;
      const path = fileURLToPath(script.url);
      if (!paths.has(path)) continue;
      const lines = all.get(path) ?? new Map<number, boolean>();
      ranLines(readFileSync(path, 'utf8'), script, lines);
      all.set(path, lines);
    }
  }
  return all;
};
