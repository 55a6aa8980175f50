// agentmesh audit: who changed what.
import { Command, Option } from 'clipanion';
import { LIMITS } from '#machines/nouns/limits';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { UsageProblem } from '../render/problem.ts';
import { table } from '../render/table.ts';

export class AuditCommand extends MeshCommand {
  static override readonly paths = [['audit']];
  static override readonly usage = Command.Usage({
    description: 'Who changed what, newest first',
    details: `
      Every change leaves a row in the transaction that makes it: who asked, by which door, what it acted on, and the
      SHA-256 of what was asked.
    `,
    examples: [['The last changes', '$0 audit']],
  });

  limit = Option.String('-n,--limit', '50', { description: 'At most this many (50)' });

  override async perform(): Promise<number> {
    const limit = Number(this.limit);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listPageMax)
      throw new UsageProblem(
        `--limit must be a number from 1 to ${LIMITS.listPageMax}, not "${this.limit}"`,
        'Give --limit 50.',
      );
    const rows = await this.client.call('audit.list', { query: { limit } });
    const { width, style } = this.terminal;
    await this.printList(rows, () =>
      rows.length === 0
        ? []
        : table(
            rows,
            [
              { head: 'SEQ', of: (row) => String(row.seq) },
              { head: 'TIME', of: (row) => row.ts, optional: true },
              { head: 'OPERATION', of: (row) => row.operation },
              { head: 'RISK', of: (row) => row.risk, optional: true },
              { head: 'CALLER', of: (row) => `${row.caller.kind} ${row.caller.detail}`, gives: true },
              { head: 'SUBJECT', of: (row) => row.subject ?? '' },
              { head: 'ARGS', of: (row) => row.args_sha256.slice(0, 12), optional: true },
            ],
            width,
            style.dim,
          ),
    );
    return 0;
  }
}
