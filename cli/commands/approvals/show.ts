// agentmesh approvals show: one question of an agent, whole.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { findApproval } from '../../connection/find-approval.ts';
import { approvalPage } from '../../render/approvals.ts';

export class ApprovalsShowCommand extends MeshCommand {
  static override readonly paths = [['approvals', 'show']];
  static override readonly usage = Command.Usage({
    description: 'One approval: the whole operation, who asks, until when, who decided',
    details: `
      Takes the id of an approval, or its first or last characters when only one has them. The operation is shown whole:
      no line is cut, and characters that a terminal would hide or obey are written out.
    `,
    examples: [
      ['One', '$0 approvals show 0198c0de'],
      ['Only the operation', '$0 approvals show 0198c0de -o json | jq .operation'],
    ],
  });

  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const approval = await findApproval(this.client, this.id);
    await this.printOne(approval, () => approvalPage(approval, this.terminal.style));
    return 0;
  }
}
