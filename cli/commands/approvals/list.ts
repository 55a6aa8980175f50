// agentmesh approvals list: what agents ask people.
import { Command, Option } from 'clipanion';
import { LIMITS } from '#machines/nouns/limits';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { approvalRows } from '../../render/approvals.ts';
import { UsageProblem } from '../../render/problem.ts';

export class ApprovalsListCommand extends MeshCommand {
  static override readonly paths = [['approvals', 'list']];
  static override readonly usage = Command.Usage({
    description: 'What agents ask before they go on, and what waits for you',
    details: 'Those that wait, newest first; with `--all` also those that are decided, expired or withdrawn.',
    examples: [
      ['What waits', '$0 approvals list'],
      ['Everything that was asked', '$0 approvals list --all'],
      ['For scripts', '$0 approvals list -o jsonl'],
    ],
  });

  all = Option.Boolean('--all', false, { description: 'Also what no longer waits' });
  limit = Option.String('-n,--limit', '50', { description: 'At most this many (50)' });

  override async perform(): Promise<number> {
    const limit = Number(this.limit);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listPageMax)
      throw new UsageProblem(
        `--limit must be a number from 1 to ${LIMITS.listPageMax}, not "${this.limit}"`,
        'Give --limit 50.',
      );
    const approvals = await this.client.call('approvals.list', {
      query: { limit, ...(this.all ? {} : { status: 'pending' }) },
    });
    const { width, style } = this.terminal;
    await this.printList(approvals, () =>
      approvals.length === 0 ? [] : approvalRows(approvals, width, style),
    );
    if (approvals.length === 0)
      this.terminal.note(this.all ? 'no agent has asked anything yet' : 'nothing waits for you');
    else if (this.output === 'text' && approvals.some(({ state }) => state === 'pending'))
      this.terminal.note('\nlook and decide: agentmesh approvals approve ID');
    return 0;
  }
}
