// agentmesh team check: every problem of a template with its place.
import { Command, Option } from 'clipanion';
import { EXIT } from '#machines/nouns/error-codes';
import type { RouteAnswer } from '#api/contract/shapes';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { localTemplate, looksLikeFile, readTemplate } from '../../connection/template-file.ts';
import { escapeLine } from '../../render/escape.ts';
import type { Style } from '../../render/style.ts';
import { duration } from '../../render/time.ts';

type Check = RouteAnswer<'templates.check'>;

export class TeamCheckCommand extends MeshCommand {
  static override readonly paths = [['team', 'check']];
  static override readonly usage = Command.Usage({
    description: 'Check a team template; every problem with line and column',
    details: `
      Takes a file (anything with a slash or an ending) or a name. Exits with 0 when it can run, with 2 when it has
      errors, with 25 when it uses something that this version cannot run yet. Lines have the form
      \`file:line:column: error: message\`, which editors and CI understand.
    `,
    examples: [
      ['A file', '$0 team check templates/code-fix/team.yaml'],
      ['A team by name', '$0 team check code-fix'],
    ],
  });

  template = Option.String({ name: 'FILE|NAME' });

  override async perform(): Promise<number> {
    const own = looksLikeFile(this.template)
      ? await readTemplate(this.template)
      : await localTemplate(this.template);
    const { check, place } =
      own === null
        ? await this.client
            .call('templates.get', { params: { name: this.template } })
            .then((found) => ({ check: found.check, place: this.template }))
        : {
            check: await this.client.call('templates.check', { body: { text: own.text } }),
            place: looksLikeFile(this.template) ? this.template : own.origin,
          };
    await this.printOne({ template: place, ...check }, () => checkLines(check, place, this.terminal.style));
    return exitOfCheck(check);
  }
}

const exitOfCheck = (check: Check): number => {
  const errors = check.problems.filter((problem) => problem.severity === 'error');
  if (errors.length === 0 && check.ok) return EXIT.ok;
  return errors.every((problem) => problem.code === 'not_supported_yet') ? EXIT.notSupportedYet : EXIT.usage;
};

const checkLines = (check: Check, place: string, style: Style): readonly string[] => {
  const lines = check.problems.map((problem) => {
    const at =
      problem.line === null ? '' : `:${problem.line}${problem.column === null ? '' : `:${problem.column}`}`;
    const severity = problem.severity === 'error' ? style.bad('error') : style.warn('warning');
    // Nearly every message begins with its path, and nearly every code is this one: told where they add something.
    const path =
      problem.path === '' || problem.message.startsWith(problem.path)
        ? ''
        : ` ${style.dim(`[${escapeLine(problem.path)}]`)}`;
    const code = problem.code === 'invalid_template' ? '' : ` ${style.dim(`(${problem.code})`)}`;
    return `${escapeLine(place)}${at}: ${severity}: ${escapeLine(problem.message)}${code}${path}`;
  });
  const errors = check.problems.filter((problem) => problem.severity === 'error').length;
  const worst =
    check.worst_case === null
      ? ''
      : `; at worst ${check.worst_case.invocations} calls in ${duration(check.worst_case.wall_ms)}`;
  const name = check.name === null ? '' : `${escapeLine(check.name)}: `;
  const verdict = check.ok
    ? style.good('it can run')
    : style.bad(errors === 1 ? '1 error' : `${errors} errors`);
  return [...lines, `${name}${verdict}${worst}`];
};
