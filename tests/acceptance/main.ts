// `npm run accept -- m0|m1|m2|m3|m4`: runs what shows each acceptance line up to that milestone, and says which are green.
// `-- --write` writes docs/acceptance.md instead.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesUpTo, MILESTONES, type Line } from './lines.ts';
import { acceptancePage, PAGE } from './page.ts';
import { createProver, proofName, ROOT, type Verdict } from './proof.ts';
import { isAccepted, resultOf, tableOf, type Result } from './table.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const showLine = async (line: Line, prove: ReturnType<typeof createProver>): Promise<Result> => {
  const verdicts: { readonly name: string; readonly verdict: Verdict }[] = [];
  for (const proof of line.proofs) {
    if (process.stderr.isTTY) process.stderr.write(`… ${line.milestone} ${proofName(proof)}\n`);
    verdicts.push({ name: proofName(proof), verdict: await prove(proof) });
  }
  return resultOf(line, verdicts);
};

const main = async (args: readonly string[]): Promise<number> => {
  const [word, ...more] = args;
  if (word === '--write' && more.length === 0) {
    writeFileSync(join(ROOT, PAGE), await acceptancePage());
    return 0;
  }
  const milestone = MILESTONES.find((each) => each === word);
  if (milestone === undefined || more.length > 0) {
    process.stderr.write(`npm run accept -- ${MILESTONES.join('|')}\n`);
    return 2;
  }
  const prove = createProver();
  const results: Result[] = [];
  // One after the other: what is measured must have the machine for itself.
  for (const line of linesUpTo(milestone)) results.push(await showLine(line, prove));
  say(tableOf(results));
  const accepted = isAccepted(results);
  say(`\n${milestone}: ${accepted ? 'accepted' : 'not accepted'}`);
  return accepted ? 0 : 1;
};

process.exitCode = await main(process.argv.slice(2));
