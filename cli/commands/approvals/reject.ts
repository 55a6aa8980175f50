// agentmesh approvals reject: says no to an agent.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { findApproval } from '../../connection/find-approval.ts';
import { paintState } from '../../render/style.ts';

export class ApprovalsRejectCommand extends MeshCommand {
  static override readonly paths = [['approvals', 'reject']];
  static override readonly usage = Command.Usage({
    description: 'Deny what an agent asks; it is told so and goes on without',
    details: 'Asks nothing: a no does no harm. The reason is recorded and given to the agent.',
    examples: [
      ['Say no', '$0 approvals reject 0198c0de'],
      ['And why', '$0 approvals reject 0198c0de --reason "not on a Friday"'],
    ],
  });

  reason = Option.String('--reason', { description: 'Why; the agent is told, and it is recorded' });
  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const { approval_id } = await findApproval(this.client, this.id);
    const decided = await this.client.call('approvals.decide', {
      params: { approval_id },
      body: { decision: 'deny', ...(this.reason === undefined ? {} : { reason: this.reason }) },
    });
    await this.printOne(
      decided,
      () => `${paintState(this.terminal.style, decided.state)} ${decided.approval_id}`,
    );
    return 0;
  }
}
