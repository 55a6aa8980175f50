// agentmesh approvals approve: shows the whole operation, asks, and allows it once.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { Command, Option } from 'clipanion';
import type { Approval } from '#machines/nouns/approval';
import { EXIT, MeshError } from '#machines/nouns/error-codes';
import { confirm } from '../../command-line/confirm.ts';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { findApproval } from '../../connection/find-approval.ts';
import { approvalPage } from '../../render/approvals.ts';
import { UsageProblem } from '../../render/problem.ts';
import { paintState } from '../../render/style.ts';

/** The hash of what is shown, computed here: what is allowed is what the person has read. Throws approval_mismatch. */
const hashOf = ({ operation, operation_hash }: Approval): string => {
  const hash = createHash('sha256')
    .update(canonicalize(operation) ?? '')
    .digest('hex');
  if (hash !== operation_hash)
    throw new MeshError(
      'approval_mismatch',
      'The operation that the daemon shows is not the one that it hashed',
    );
  return hash;
};

export class ApprovalsApproveCommand extends MeshCommand {
  static override readonly paths = [['approvals', 'approve']];
  static override readonly usage = Command.Usage({
    description: 'Read an operation whole, then allow it once; or answer a question',
    details: `
      Shows what the agent wants to do and asks; anything but y is a no, and then it still waits. Without a terminal
      nobody can be asked: look with \`approvals show\`, then give \`--yes\`. The decision is about the very operation
      that was shown. It is recorded with your name in the audit trail, as local and unsigned.

      A question takes its answer by \`--answer\`; what you write is sent to the agent and stands in the log.

      Exit codes: 0 allowed, 20 no such approval, 21 decided otherwise, expired or withdrawn, 22 you said no.
    `,
    examples: [
      ['Look and decide', '$0 approvals approve 0198c0de'],
      ['Answer a question', '$0 approvals approve 0198c0de --answer "the main branch"'],
      ['In a script, after a look', '$0 approvals approve 0198c0de --yes'],
    ],
  });

  answer = Option.String('--answer', { description: 'The answer to a question' });
  yes = Option.Boolean('-y,--yes', false, { description: 'Do not ask' });
  id = Option.String({ name: 'ID' });

  override async perform(): Promise<number> {
    const approval = await findApproval(this.client, this.id);
    const hash = hashOf(approval);
    if (approval.state === 'pending') {
      if (approval.kind === 'question' && this.answer === undefined)
        throw new UsageProblem('The agent asks a question', 'Give the answer with --answer TEXT.');
      const { noteStyle } = this.terminal;
      if (!this.quiet || !this.yes)
        this.context.stderr.write(`${approvalPage(approval, noteStyle).join('\n')}\n\n`);
      const isYes =
        this.yes ||
        (await confirm(
          this.context,
          this.answer === undefined ? 'Allow this once?' : `Answer "${this.answer}"?`,
          'Look at it with agentmesh approvals show, then give --yes.',
        ));
      if (!isYes) {
        this.terminal.note(
          `nothing was decided, it still waits; say no with: agentmesh approvals reject ${approval.approval_id}`,
        );
        return EXIT.cancelled;
      }
    }
    const decided = await this.client.call('approvals.decide', {
      params: { approval_id: approval.approval_id },
      body: { decision: 'allow', hash, ...(this.answer === undefined ? {} : { answer: this.answer }) },
    });
    await this.printOne(
      decided,
      () => `${paintState(this.terminal.style, decided.state)} ${decided.approval_id}`,
    );
    return 0;
  }
}
