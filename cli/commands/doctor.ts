// agentmesh doctor: what could be wrong here, and what to do about it.
import { Command, Option } from 'clipanion';
import { EXIT } from '#machines/nouns/error-codes';
import { MeshCommand, type Output } from '../command-line/mesh-command.ts';
import { examine, type Finding } from '../doctor/checks.ts';
import { escapeLine } from '../render/escape.ts';
import type { Style } from '../render/style.ts';

export class DoctorCommand extends MeshCommand {
  static override readonly paths = [['doctor']];
  static override readonly usage = Command.Usage({
    description: 'Check this installation and say what to do',
    details: `
      Looks at Node, the data folder, the disk, bootstrap.json, the daemon, the log, the agents and the teams. Changes
      nothing. Exits with 1 when a check fails; warnings alone are 0.
    `,
    examples: [
      ['Check', '$0 doctor'],
      ['In a script', '$0 doctor --json'],
    ],
  });

  json = Option.Boolean('--json', false, { description: 'The same as -o json' });

  override get output(): Output {
    return this.json ? 'json' : super.output;
  }

  override async perform(): Promise<number> {
    const { style } = this.terminal;
    const findings: Finding[] = [];
    const patient = { client: this.client, choice: this.choice, env: this.context.env, folder: this.folder };
    for await (const finding of examine(patient)) {
      findings.push(finding);
      if (this.output === 'text') await this.terminal.line(findingLines(finding, style).join('\n'));
    }
    if (this.output !== 'text') await this.printList(findings, () => []);
    const failed = findings.filter((finding) => finding.result === 'failed').length;
    if (this.output === 'text')
      this.terminal.note(
        failed === 0 ? '\nnothing is wrong' : failed === 1 ? '\n1 check failed' : `\n${failed} checks failed`,
      );
    return failed === 0 ? EXIT.ok : EXIT.failure;
  }
}

const findingLines = (finding: Finding, style: Style): readonly string[] => {
  const paint = { ok: style.good, warning: style.warn, failed: style.bad, skipped: style.dim }[
    finding.result
  ];
  return [
    `${paint(finding.result.padEnd(8))} ${finding.check.padEnd(12)} ${escapeLine(finding.found)}`,
    ...(finding.remedy === '' ? [] : [`${' '.repeat(22)}${style.dim('→')} ${escapeLine(finding.remedy)}`]),
  ];
};
