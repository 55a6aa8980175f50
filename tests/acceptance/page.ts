// docs/acceptance.md, made from the table of lines.
import { inCell, layOut } from '#tests/docs/pages';
import { firstUseSection } from './first-use/record.ts';
import { AS_OF, LINES, MILESTONES, TITLES, type Line } from './lines.ts';
import { proofName } from './proof.ts';

export const PAGE = 'docs/acceptance.md';

const HEAD = `# Acceptance

The plan's lines, milestone by milestone, each with what shows it. State of ${AS_OF}. This page is made from
\`tests/acceptance/lines.ts\` (\`npm run accept -- --write\`), and a test compares the two.

\`npm run accept -- m0\` (to \`m4\`) runs what shows the lines of a milestone and of all before it, prints a table, and exits
with 0 only when every one of them is green. A line that nothing shows is \`not yet\`, and \`not yet\` is never green. Here,
_shown_ says that there is a proof to run; whether it is green today, the command says.

That CI is green on a push cannot be seen from a checkout. It is judged on the forge: by the last run of the workflow \`ci\`
for the commit in question. Locally, \`npm test\` runs the same sections.
`;

const row = ({ text, how, proofs }: Line): string => {
  const by = [...new Set(proofs.map(proofName))].map((name) => `\`${name}\``).join(', ');
  const cells = [
    text,
    proofs.length === 0 ? `missing: ${how}` : how,
    by === '' ? '-' : by,
    proofs.length === 0 ? '**not yet**' : 'shown',
  ];
  return `| ${cells.map(inCell).join(' | ')} |`;
};

const FIGURES = `## Figures

The plan names figures that a command of their own is to print. That command does not exist yet. Where a figure can be
had from a test today, it is named; the rest is not yet measured, and no data is never shown as green.

| figure | threshold | today |
| --- | --- | --- |
| EventV1 read-back | 100 % | \`tests/e2e/events.test.ts\` |
| event loss | 0 % | \`tests/reliability/random-kills.test.ts\`, \`npm run test:reliability\`, against a ledger outside the daemon |
| CLI trace = console | 100 % | \`tests/e2e/console.test.ts\` |
| e2e smoke | 100 % | \`npm run section -- e2e\` |
| core commands | < 2 s mean | \`npm run bench:cli\` |
| first-use success | >= 90 % | \`npm run accept:first-use\` |
| team completion, per step | >= 80 % | not yet |
| mean time to locate a fault | reported | not yet |
| tasks timed out | < 5 % | not yet |
| CI pass rate, mean duration | >= 95 %, < 5 min | not yet: it is the forge's to say |
| audit coverage, freeze success, expired credentials refused | 100 % each | not yet |
`;

/** The whole page, laid out. */
export const acceptancePage = (): Promise<string> => {
  const tables = MILESTONES.map((milestone) => {
    const lines = LINES.filter((line) => line.milestone === milestone);
    const done = lines.filter(({ proofs }) => proofs.length > 0).length;
    return [
      `## ${milestone.toUpperCase()}: ${TITLES[milestone]}`,
      '',
      `${String(done)} of ${String(lines.length)} lines have a proof.`,
      '',
      '| line | how it is shown | by | state |',
      '| --- | --- | --- | --- |',
      ...lines.map(row),
      '',
    ].join('\n');
  });
  return layOut([HEAD, ...tables, firstUseSection(), FIGURES].join('\n'));
};
