// agentmesh doctor: what could be wrong here, and what to do about it.
import { Command, Option } from 'clipanion';
import { EXIT } from '#machines/nouns/error-codes';
import { MeshCommand, type Output } from '../command-line/mesh-command.ts';
import { examine } from '../doctor/checks.ts';
import type { Finding, Mendable } from '../doctor/finding.ts';
import { escapeLine } from '../render/escape.ts';
import type { Style } from '../render/style.ts';

export class DoctorCommand extends MeshCommand {
  static override readonly paths = [['doctor']];
  static override readonly usage = Command.Usage({
    description: 'Check this installation and say what to do',
    details: `
      Looks at Node, the data folder, the disk, bootstrap.json, the daemon, the log, the agents, the teams, each source of
      agents (mDNS, programs, the tailnet), and agent programs that can be installed. Changes nothing, unless \`--fix\` is
      given: then it closes files that others could read, and does nothing else. Exits with 1 when a check fails; warnings
      alone are 0.
    `,
    examples: [
      ['Check', '$0 doctor'],
      ['Do what is safe to do', '$0 doctor --fix'],
      ['In a script', '$0 doctor --json'],
    ],
  });

  json = Option.Boolean('--json', false, { description: 'The same as -o json' });
  fix = Option.Boolean('--fix', false, {
    description: 'Do what is safe: take rights to files away from others',
  });

  override get output(): Output {
    return this.json ? 'json' : super.output;
  }

  override async perform(): Promise<number> {
    const { style } = this.terminal;
    const findings: Told[] = [];
    const patient = { client: this.client, choice: this.choice, env: this.context.env, folder: this.folder };
    for await (const finding of examine(patient)) {
      const told = this.fix ? mended(finding) : plain(finding);
      findings.push(told);
      if (this.output === 'text') await this.terminal.line(findingLines(told, style).join('\n'));
    }
    if (this.output !== 'text') await this.printList(findings, () => []);
    const count = (result: Told['result']): number =>
      findings.filter((finding) => finding.result === result).length;
    const failed = count('failed');
    if (this.output === 'text') {
      const fixable = findings.filter((finding) => finding.fixable).length;
      this.terminal.note(
        failed === 0 ? '\nnothing is wrong' : failed === 1 ? '\n1 check failed' : `\n${failed} checks failed`,
      );
      if (fixable > 0) this.terminal.note(`agentmesh doctor --fix does ${fixable} of these`);
    }
    return failed === 0 ? EXIT.ok : EXIT.failure;
  }
}

/** fixed: it was wrong, and \`--fix\` has put it right. */
type Told = Omit<Finding, 'result'> & { readonly result: Finding['result'] | 'fixed' };

const plain = ({ fix: _fix, ...finding }: Mendable): Finding => finding;

const mended = (finding: Mendable): Told => {
  const { fix, ...told } = finding;
  if (fix === undefined) return told;
  try {
    fix();
    return { ...told, result: 'fixed', remedy: '', fixable: false };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...told, found: `${told.found}; it could not be put right: ${why}`, fixable: false };
  }
};

const findingLines = (finding: Told, style: Style): readonly string[] => {
  const paint = {
    ok: style.good,
    fixed: style.good,
    warning: style.warn,
    failed: style.bad,
    skipped: style.dim,
  }[finding.result];
  return [
    `${paint(finding.result.padEnd(8))} ${finding.check.padEnd(12)} ${escapeLine(finding.found)}`,
    ...(finding.remedy === '' ? [] : [`${' '.repeat(22)}${style.dim('→')} ${escapeLine(finding.remedy)}`]),
  ];
};
