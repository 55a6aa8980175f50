// agentmesh discover: looks for agents and shows each as it is found.
import { Command, Option } from 'clipanion';
import type { Agent } from '#machines/nouns/agent';
import { EXIT, MeshError } from '#machines/nouns/error-codes';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { agentLines } from '../render/agents.ts';
import { escapeLine } from '../render/escape.ts';
import { UsageProblem } from '../render/problem.ts';
import { spinner } from '../render/spinner.ts';
import { parseDuration } from '../render/time.ts';

/** How often the list is looked at while the sweep runs, to tell of each agent as soon as it is known. */
const LOOK_MS = 200;

export class DiscoverCommand extends MeshCommand {
  static override readonly paths = [['discover']];
  static override readonly usage = Command.Usage({
    description: 'Look for agents and probe those that are known',
    details: `
      Reads bootstrap.json, probes every known agent and shows each on standard error as soon as it has answered. Ends
      when all have answered, at the latest after \`--wait\`. Exits with 11 when no agent is there.
    `,
    examples: [
      ['Look', '$0 discover'],
      ['Wait at most two seconds', '$0 discover --wait 2s'],
    ],
  });

  wait = Option.String('--wait', '5s', { description: 'Longest wait for answers (5s)' });

  override async perform(): Promise<number> {
    const waitMs = parseDuration(this.wait);
    if (waitMs === null || waitMs > 60_000)
      throw new UsageProblem(
        `--wait must be a time of at most 60s, not "${this.wait}"`,
        'Give a time such as 500ms or 5s.',
      );
    const { terminal } = this;
    const told = new Set<string>();
    const spin = spinner(this.context.stderr, !this.quiet, () => `looking for agents · ${told.size} so far`);
    const tell = (agents: readonly Agent[]): void => {
      for (const agent of agents)
        if (agent.presence === 'reachable' && !told.has(agent.name)) {
          told.add(agent.name);
          spin.clear();
          if (terminal.noteIsTerminal)
            terminal.note(`${terminal.noteStyle.good('found')} ${escapeLine(agent.name)}`);
        }
    };
    const asked = this.client.call('discover', { body: { wait_ms: waitMs } });
    let done = false;
    const looking = (async () => {
      while (!done) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        if (!done) tell(await this.client.call('agents.list').catch(() => []));
      }
    })();
    const sweep = await asked.finally(() => {
      done = true;
    });
    await looking.catch(() => undefined);
    spin.stop();
    await this.printList(sweep.agents, () =>
      sweep.agents.length === 0 ? [] : agentLines(sweep.agents, terminal.width, terminal.style),
    );
    for (const problem of sweep.problems) terminal.note(escapeLine(`${problem.source}: ${problem.message}`));
    if (sweep.agents.length === 0) throw new MeshError('nothing_discovered');
    return EXIT.ok;
  }
}
