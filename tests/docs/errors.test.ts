// docs/errors.md and the catalogue say the same, both ways: codes, statuses, exit codes, remedies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS, EXIT } from '#machines/nouns/error-codes';
import { errorsPage, PAGE } from './errors.ts';
import { anchorsOf, readPage } from './pages.ts';

const page = readPage(PAGE);

/** Cells of the table rows that begin with a match of `first`. */
const rows = (first: RegExp): readonly (readonly string[])[] =>
  page
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => first.test(cells[1] ?? ''))
    .map((cells) => cells.slice(1, -1));

describe(PAGE, () => {
  it('lists exactly the codes of the catalogue, each once, with its status, exit code and retry', () => {
    const listed = rows(/^<a id=/).map(([name = '', ...rest]) => [
      /`(\w+)`/.exec(name)?.[1] ?? name,
      ...rest,
    ]);
    const wanted = Object.entries(ERRORS).map(([code, { status, exit, retryable, title, remedy }]) => [
      code,
      status === 0 ? '-' : String(status),
      String(exit),
      retryable ? 'yes' : 'no',
      title,
      remedy,
    ]);
    assert.deepEqual(listed, wanted);
  });

  it('has an anchor for each code, so that the type of a problem leads to it', () => {
    const anchors = anchorsOf(page);
    assert.deepEqual(
      Object.keys(ERRORS).filter((code) => !anchors.has(code)),
      [],
    );
  });

  it('lists exactly the exit codes, each once, with the codes that lead to it', () => {
    const listed = rows(/^\d+$/).map(([exit, , codes = '']) => [Number(exit), codes]);
    const wanted = Object.values(EXIT).map((exit) => {
      const codes = Object.entries(ERRORS).filter(([, entry]) => entry.exit === exit);
      return [exit, codes.length === 0 ? '-' : codes.map(([code]) => `\`${code}\``).join(', ')];
    });
    assert.deepEqual(listed, wanted);
  });

  it('is what `node tests/docs/errors.ts` writes', async () => {
    assert.equal(page, await errorsPage(page));
  });
});
