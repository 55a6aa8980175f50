// agentmesh runs get: one team run or call, with its steps and why it failed.
import { Command, Option } from 'clipanion';
import { applyEvents, emptyView } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { findRun } from '../../connection/find-run.ts';
import { callLines, teamRunLines, wordsLines } from '../../render/runs.ts';

export class RunsGetCommand extends MeshCommand {
  static override readonly paths = [['runs', 'get']];
  static override readonly usage = Command.Usage({
    description: 'One run: its steps and attempts, and for a failure where, why and what next',
    details:
      'Takes the id of a team run or of a call, or its first or last six or more characters when only one has them.',
    examples: [
      ['A run', '$0 runs get 0198c0de'],
      ['Only its status', '$0 runs get 0198c0de -o json | jq -r .status'],
    ],
  });

  id = Option.String({ name: 'ID' });

  /** What the agent was asked, whole, and what it has answered; the log knows. */
  async #said(runId: string): Promise<{ readonly prompt: string | null; readonly answer: string | null }> {
    const events: EventV1[] = [];
    for await (const event of this.client.trace(runId)) events.push(event);
    const view = applyEvents(emptyView(), events);
    const call = [...view.calls, ...view.steps.flatMap(({ attempts }) => attempts)].find(
      (each) => each.runId === runId,
    );
    const submitted = events.find(({ payload }) => payload['state'] === 'submitted')?.payload['data'];
    const whole = (submitted as { readonly prompt?: unknown } | undefined)?.prompt;
    return {
      prompt: typeof whole === 'string' ? whole : (call?.prompt ?? null),
      answer: call?.answer ?? null,
    };
  }

  override async perform(): Promise<number> {
    const found = await findRun(this.client, this.id);
    const { width, style } = this.terminal;
    if (found.kind === 'team') await this.printOne(found.run, () => teamRunLines(found.run, width, style));
    else {
      const { prompt, answer } = await this.#said(found.id);
      await this.printOne({ status: found.call.state, ...found.call, prompt, answer }, () => [
        ...callLines(found.call, style),
        ...wordsLines('prompt', prompt, style),
        ...wordsLines('answer', answer, style),
      ]);
    }
    return 0;
  }
}
