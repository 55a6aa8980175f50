// agentmesh runs: team runs and calls, newest first.
import { Command, Option } from 'clipanion';
import { LIMITS } from '#machines/nouns/limits';
import type { InvocationState, TeamRunStatus } from '#machines/nouns/run';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { UsageProblem } from '../../render/problem.ts';
import { callRow, runLines, teamRow } from '../../render/runs.ts';

const TEAM: Readonly<Record<TeamRunStatus, true>> = {
  pending: true,
  running: true,
  retrying: true,
  paused: true,
  waiting_approval: true,
  cancelling: true,
  blocked: true,
  completed: true,
  failed: true,
  cancelled: true,
};
const CALL: Readonly<Record<InvocationState, true>> = {
  queued: true,
  working: true,
  cancelling: true,
  completed: true,
  failed: true,
  cancelled: true,
};
const isTeamStatus = (word: string): word is TeamRunStatus => Object.hasOwn(TEAM, word);
const isCallState = (word: string): word is InvocationState => Object.hasOwn(CALL, word);

export class RunsListCommand extends MeshCommand {
  static override readonly paths = [['runs', 'list']];
  static override readonly usage = Command.Usage({
    description: 'Team runs and calls to agents, newest first',
    details:
      'The calls that a team run makes are part of it and not listed by themselves, unless `--all` is given.',
    examples: [
      ['The last ones', '$0 runs list'],
      ['What failed', '$0 runs list --status failed'],
      ['For scripts', '$0 runs list --teams -o jsonl'],
    ],
  });

  status = Option.String('--status', { description: 'Only those in this state' });
  limit = Option.String('-n,--limit', '20', { description: 'At most this many (20)' });
  teams = Option.Boolean('--teams', false, { description: 'Team runs only' });
  calls = Option.Boolean('--calls', false, { description: 'Calls only' });
  all = Option.Boolean('--all', false, { description: 'Also the calls of team runs' });

  override async perform(): Promise<number> {
    const limit = Number(this.limit);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listPageMax)
      throw new UsageProblem(
        `--limit must be a number from 1 to ${LIMITS.listPageMax}, not "${this.limit}"`,
        'Give --limit 20.',
      );
    const { status } = this;
    if (status !== undefined && !isTeamStatus(status) && !isCallState(status))
      throw new UsageProblem(
        `There is no state "${status}"`,
        `The states are ${[...new Set([...Object.keys(TEAM), ...Object.keys(CALL)])].join(', ')}.`,
      );
    const wantsTeams = !this.calls && (status === undefined || isTeamStatus(status));
    const wantsCalls = !this.teams && (status === undefined || isCallState(status));
    const [teams, calls] = await Promise.all([
      wantsTeams
        ? this.client.call('team-runs.list', {
            query: { limit, ...(status !== undefined && isTeamStatus(status) ? { status } : {}) },
          })
        : [],
      wantsCalls
        ? this.client.call('invocations.list', {
            query: {
              limit,
              ...(this.all ? {} : { plain_only: 'true' }),
              ...(status !== undefined && isCallState(status) ? { status } : {}),
            },
          })
        : [],
    ]);
    const rows = [
      ...teams.map((run) => ({ row: teamRow(run), value: { kind: 'team_run', ...run } })),
      ...calls.map((call) => ({ row: callRow(call), value: { kind: 'run', ...call } })),
    ]
      .sort((a, b) => b.row.created_at.localeCompare(a.row.created_at) || b.row.id.localeCompare(a.row.id))
      .slice(0, limit);
    const { width, style } = this.terminal;
    await this.printList(
      rows.map(({ value }) => value),
      () =>
        rows.length === 0
          ? []
          : runLines(
              rows.map(({ row }) => row),
              width,
              style,
            ),
    );
    if (rows.length === 0)
      this.terminal.note('no run yet; try agentmesh run --to NAME "…", or agentmesh team run NAME');
    return 0;
  }
}
