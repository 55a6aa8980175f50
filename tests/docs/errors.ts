// Writes the tables of docs/errors.md from the catalogue: `node tests/docs/errors.ts`. The prose around them is by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, EXIT, type ErrorCode } from '#machines/nouns/error-codes';
import { betweenMarks, inCell, layOut, ROOT } from './pages.ts';

export const PAGE = 'docs/errors.md';
const CATALOGUE = 'machines/nouns/error-codes.ts';

/** What an exit code tells a script. One without a line here does not compile. */
const EXIT_MEANING: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'it went well',
  failure: 'it did not, for a reason without a code of its own; doctor: a check failed',
  usage: 'the command line or what was sent is wrong; trying again changes nothing',
  daemonUnreachable: 'no daemon answers',
  nothingDiscovered: 'discover: no agent is there',
  invocationFailed: 'the agent failed, or a team run failed',
  installFailed: 'an install cannot be done, or failed',
  notFound: 'a name or an id that is not known',
  conflict: 'it contradicts what is there already',
  cancelled: 'it was cancelled',
  timedOut: 'a time limit passed',
  storage: 'disk or data folder',
  notSupportedYet: 'part of the language, not yet run by this version',
  logMismatch: 'verify: table and log disagree',
};

const codes = Object.keys(ERRORS) as ErrorCode[];

/** The catalogue's own groups, as its comments name them, each with its codes in order. */
const groups = (): readonly (readonly [string, readonly ErrorCode[]])[] => {
  const found: [string, ErrorCode[]][] = [];
  for (const line of readFileSync(join(ROOT, CATALOGUE), 'utf8').split('\n')) {
    const [, title] = /^ {2}\/\/ (.+)$/.exec(line) ?? [];
    if (title !== undefined) found.push([title, []]);
    const [, name] = /^ {2}(\w+): entry\(/.exec(line) ?? [];
    const code = codes.find((each) => each === name);
    if (code !== undefined) found.at(-1)?.[1].push(code);
  }
  return found;
};

const row = (code: ErrorCode): string => {
  const { status, exit, retryable, title, remedy } = ERRORS[code];
  const http = status === 0 ? '-' : String(status);
  const cells = [
    `<a id="${code}"></a>\`${code}\``,
    http,
    String(exit),
    retryable ? 'yes' : 'no',
    title,
    remedy,
  ];
  return `| ${cells.map(inCell).join(' | ')} |`;
};

const codeTables = (): string =>
  groups()
    .map(([title, members]) =>
      [
        `### ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
        '',
        '| code | HTTP | exit | retry | what happened | what to do |',
        '| --- | --- | --- | --- | --- | --- |',
        ...members.map(row),
      ].join('\n'),
    )
    .join('\n\n');

const exitTable = (): string =>
  [
    '| exit | meaning | codes |',
    '| --- | --- | --- |',
    ...(Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => {
      const members = codes.filter((code) => ERRORS[code].exit === EXIT[name]);
      const named = members.map((code) => `\`${code}\``).join(', ');
      return `| ${String(EXIT[name])} | ${inCell(EXIT_MEANING[name])} | ${named === '' ? '-' : named} |`;
    }),
  ].join('\n');

/** The page as it should be: its prose, with tables made anew. */
export const errorsPage = async (page: string): Promise<string> =>
  layOut(betweenMarks(betweenMarks(page, 'exits', exitTable()), 'codes', codeTables()));

if (import.meta.main) {
  const file = join(ROOT, PAGE);
  writeFileSync(file, await errorsPage(readFileSync(file, 'utf8')));
}
