// agentmesh verify: the table against the file, line by line.
import { Command } from 'clipanion';
import { EXIT } from '#machines/nouns/error-codes';
import type { RouteAnswer } from '#api/contract/shapes';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { escapeLine } from '../render/escape.ts';
import type { Style } from '../render/style.ts';

/** Places that are named in the text form; -o json has all. */
const NAMED = 10;

export class VerifyCommand extends MeshCommand {
  static override readonly paths = [['verify']];
  static override readonly usage = Command.Usage({
    description: 'Compare the database with events.jsonl, line by line',
    details: `
      Prints lost = 0, or exactly which events one of the two lacks, and exits with 26 then. What was put right when the
      daemon started is counted apart. Lines of others that are no events are reported and set aside; they are no loss.
    `,
    examples: [['Cross-check', '$0 verify']],
  });

  override async perform(): Promise<number> {
    const report = await this.client.call('verify');
    await this.printOne(report, () => reportLines(report, this.terminal.style));
    return report.ok ? EXIT.ok : EXIT.logMismatch;
  }
}

const some = (places: readonly number[]): string =>
  places.length === 0 ? '' : ` (${places.slice(0, NAMED).join(', ')}${places.length > NAMED ? ', …' : ''})`;

const reportLines = (report: RouteAnswer<'verify'>, style: Style): readonly string[] => {
  const { healed } = report;
  const loss = `lost = ${report.lost.length}${some(report.lost)}`;
  return [
    `${report.ok ? style.good('ok') : style.bad('mismatch')}  ${report.lost.length === 0 ? loss : style.bad(loss)}`,
    `  table   ${report.table_events} events`,
    `  file    ${report.file_lines} lines`,
    ...(report.unindexed.length === 0
      ? []
      : [
          style.bad(`  not in the table: ${report.unindexed.length} lines at bytes${some(report.unindexed)}`),
        ]),
    `  healed  ${healed.appended_to_file} appended to the file, ${healed.indexed_from_file} taken from it, ${healed.torn_tail_bytes} torn bytes`,
    ...(report.rejected.length === 0
      ? []
      : [style.warn(`  set aside: ${report.rejected.length} lines that are no events`)]),
    ...report.rejected
      .slice(0, NAMED)
      .map(({ offset, reason }) => `    at byte ${offset}: ${escapeLine(reason)}`),
  ];
};
