// What the commands `install`, `uninstall` and `status` of each agent program share: plan, consent, deed, report.
import { resolve } from 'node:path';
import { Option } from 'clipanion';
import { EXIT, MeshError } from '#machines/nouns/error-codes';
import type { InstallPlanView } from '#machines/nouns/install';
import { installationLines, planLines, reportLines } from '../render/installs.ts';
import { confirm } from './confirm.ts';
import { MeshCommand } from './mesh-command.ts';
import { shellOf } from './shell.ts';

/** An agent program that can be installed: its kind, its name for people, how its variables begin. */
export interface InstallableProgram {
  readonly kind: string;
  readonly title: string;
  readonly variables: string;
}

abstract class ProgramCommand extends MeshCommand {
  dir = Option.String('--dir', { description: 'Folder of the installation; the usual places when absent' });

  protected abstract readonly program: InstallableProgram;

  /** Choices of this program, as the engine takes them. */
  protected settings(): Record<string, string | number | boolean> {
    return {};
  }

  protected get place(): {
    readonly kind: string;
    readonly dir?: string;
    readonly env: Record<string, string>;
  } {
    return {
      kind: this.program.kind,
      ...(this.dir === undefined ? {} : { dir: resolve(this.dir) }),
      env: shellOf(this.context.env, this.program.variables),
    };
  }

  protected plan(): Promise<InstallPlanView> {
    return this.client.call('installs.plan', { body: { ...this.place, settings: this.settings() } });
  }
}

const blocked = ({ obstacles }: InstallPlanView): MeshError =>
  new MeshError('install_blocked', obstacles.map(({ message }) => message).join('; '), {
    remedy: obstacles.map(({ remedy }) => remedy).join(' '),
  });

/** `agentmesh <program> install`. */
export abstract class InstallCommand extends ProgramCommand {
  dryRun = Option.Boolean('--dry-run', false, { description: 'Show the plan and change nothing' });
  yes = Option.Boolean('-y,--yes', false, { description: 'Do it without asking' });

  override async perform(): Promise<number> {
    const plan = await this.plan();
    const { style, noteStyle } = this.terminal;
    if (plan.obstacles.length > 0) {
      if (this.dryRun) await this.printOne(plan, () => planLines({ ...plan, obstacles: [] }, style));
      throw blocked(plan);
    }
    if (this.dryRun) {
      await this.printOne(plan, () => planLines(plan, style));
      this.terminal.note(
        plan.steps.length === 0 ? 'nothing is left to do' : 'nothing was changed (--dry-run)',
      );
      return EXIT.ok;
    }
    for (const line of planLines(plan, noteStyle)) this.terminal.note(line);
    if (plan.steps.length > 0 && !(await this.#agreed())) {
      this.terminal.note('nothing was changed');
      return EXIT.cancelled;
    }
    const report = await this.client.call('installs.apply', {
      body: { ...this.place, settings: this.settings(), plan_sha256: plan.plan_sha256 },
    });
    await this.printOne(report, () => reportLines(report, style));
    const [agent] = report.agents;
    if (this.output === 'text' && agent !== undefined)
      this.terminal.note(`next: agentmesh run --to ${agent.name} "1+1"`);
    return EXIT.ok;
  }

  async #agreed(): Promise<boolean> {
    if (this.yes) return true;
    return confirm(this.context, 'Do this?', 'Give --yes, or --dry-run to look first.');
  }
}

/** `agentmesh <program> uninstall`. */
export abstract class UninstallCommand extends ProgramCommand {
  override async perform(): Promise<number> {
    const report = await this.client.call('installs.undo', { body: this.place });
    await this.printOne(report, () => [
      ...reportLines(report, this.terminal.style),
      `${this.program.title} is no longer part of the mesh`,
    ]);
    return EXIT.ok;
  }
}

/** `agentmesh <program> status`: exits with 20 when it is not installed. */
export abstract class InstallStatusCommand extends ProgramCommand {
  override async perform(): Promise<number> {
    const [plan, all, known] = await Promise.all([
      this.plan(),
      this.client.call('installs.list'),
      this.client.call('agents.list'),
    ]);
    const installations = all.filter(
      ({ kind, dir }) => kind === plan.kind && (this.dir === undefined || dir === plan.dir),
    );
    const { style } = this.terminal;
    await this.printOne({ plan, installations }, () => [
      ...planLines({ ...plan, steps: [] }, style),
      ...installations.flatMap((installation) =>
        installationLines(
          installation,
          known.filter(({ name }) => installation.agents.includes(name)),
          style,
        ),
      ),
      ...(installations.length === 0 ? [`${this.program.title} is not installed`] : []),
    ]);
    if (installations.length === 0 && this.output === 'text')
      this.terminal.note(`next: agentmesh ${this.program.kind} install --dry-run`);
    return installations.length === 0 ? EXIT.notFound : EXIT.ok;
  }
}
