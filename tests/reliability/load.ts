// Team runs under way at all times: started once each, paused, resumed and cancelled now and then, followed to their ends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeshError } from '#api/contract/client';
import { isTerminalTeamRun, type TeamRun } from '#machines/nouns/run';
import { makeFaultyRepo } from '../../cli/demo/agents/repos.ts';
import type { MeshUnderFire } from './mesh-under-fire.ts';
import type { Chance } from './seeded.ts';

/** Four steps on the flaky agent, the third one a program; each may be tried again. */
const QUICK = `apiVersion: agentmesh/v1
kind: Team
name: quick
inputs:
  tag: { type: string }
roles:
  worker: { agent: worker }
  noter: { agent: noter }
steps:
  - { id: one, role: worker, prompt: "one {{ inputs.tag }}", timeout: 4m, retry: { max: 3, initial: 50ms } }
  - { id: two, role: worker, prompt: "after {{ steps.one.output.key }}", timeout: 4m, retry: { max: 3, initial: 50ms } }
  - { id: note, role: noter, prompt: "note {{ inputs.tag }}", timeout: 4m, retry: { max: 3, initial: 50ms } }
  - { id: four, role: worker, prompt: "after {{ steps.two.output.key }}", timeout: 4m, retry: { max: 3, initial: 50ms } }
`;

const template = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'templates', name, 'team.yaml'), 'utf8');

export type TeamKind = 'quick' | 'pipeline' | 'code-fix';

/** `resume` and `cancel` were acknowledged; the rest was asked for, and may have been taken without an answer. */
type Control = 'pause' | 'pause now' | 'resume' | 'cancel' | 'cancel asked';

/** A team run as it was asked for. */
export interface Started {
  readonly kind: TeamKind;
  /** The Idempotency-Key, and an input where the template has one for it. */
  readonly tag: string;
  readonly teamRunId: string;
  readonly did: ReadonlySet<Control>;
  readonly end: TeamRun;
}

export interface LoadOptions {
  readonly inFlight: number;
  /** How often each kind is started; code-fix at most `codeFixes` times in all. */
  readonly pipelines: number;
  readonly codeFixes: number;
  readonly chance: Chance;
}

export class Load {
  readonly ended: Started[] = [];
  /** 202s, more than once for one tag when it was asked twice. */
  readonly acknowledged: { readonly tag: string; readonly teamRunId: string }[] = [];
  readonly faults: string[] = [];
  readonly #mesh: MeshUnderFire;
  readonly #options: LoadOptions;
  #lanes: Promise<void>[] = [];
  #begun = 0;
  #codeFixes = 0;
  #stopping = false;

  constructor(mesh: MeshUnderFire, options: LoadOptions) {
    this.#mesh = mesh;
    this.#options = options;
  }

  begin(): void {
    this.#lanes = Array.from({ length: this.#options.inFlight }, async (_, lane) => {
      const chance = this.#options.chance.fork(lane);
      try {
        while (!this.#stopping) await this.#one(chance);
      } catch (error) {
        this.faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    });
  }

  /** Starts no more; resolves when those in flight have ended. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
  }

  #kind(chance: Chance): TeamKind {
    if (this.#codeFixes < this.#options.codeFixes && chance.hits(0.2)) {
      this.#codeFixes += 1;
      return 'code-fix';
    }
    return chance.hits(this.#options.pipelines) ? 'pipeline' : 'quick';
  }

  #inputs(kind: TeamKind, tag: string, chance: Chance): Record<string, unknown> {
    if (kind === 'quick') return { tag };
    if (kind === 'pipeline') return { expression: `(${chance.whole(1, 99)}+${chance.whole(1, 99)})*2` };
    return { repo: makeFaultyRepo(join(this.#mesh.dataDir, 'repos', tag), chance.whole(0, 99)).repo };
  }

  async #one(chance: Chance): Promise<void> {
    this.#begun += 1;
    const tag = `run-${this.#begun}`;
    const kind = this.#kind(chance);
    const text = kind === 'quick' ? QUICK : template(kind);
    const body = { template: { text, origin: 'test' }, inputs: this.#inputs(kind, tag, chance) };
    let teamRunId = '';
    for (let asked = chance.hits(0.2) ? 2 : 1; asked > 0; asked -= 1) {
      teamRunId = (await this.#mesh.ask('team-runs.start', { body, idempotencyKey: tag })).team_run_id;
      this.acknowledged.push({ tag, teamRunId });
    }
    const did = new Set<Control>();
    const params = { team_run_id: teamRunId };
    // Code repairs are few and dear: they are never cancelled.
    const plan = { pause: chance.hits(0.25), cancel: kind !== 'code-fix' && chance.hits(0.08) };
    for (;;) {
      await sleep(chance.whole(100, 300));
      const run = await this.#mesh.ask('team-runs.get', { params });
      if (isTerminalTeamRun(run.status)) {
        this.ended.push({ kind, tag, teamRunId, did, end: run });
        return;
      }
      // Refused, for nothing is paused: a refusal must leave no trace.
      if (run.status === 'running' && chance.hits(0.05)) await this.#steer('team-runs.resume', { params });
      if (run.status === 'paused') {
        if (await this.#steer('team-runs.resume', { params })) did.add('resume');
      } else if (plan.pause && chance.hits(0.3)) {
        plan.pause = false;
        const now = chance.hits(0.5);
        did.add(now ? 'pause now' : 'pause');
        await this.#steer('team-runs.pause', { params, body: { now } });
      } else if (plan.cancel && chance.hits(0.3)) {
        plan.cancel = false;
        did.add('cancel asked');
        if (await this.#steer('team-runs.cancel', { params, body: { reason: 'a test' } })) did.add('cancel');
      }
    }
  }

  /** False when the run was beyond it already; a repeated request whose first answer was lost ends here too. */
  async #steer(
    route: 'team-runs.pause' | 'team-runs.resume' | 'team-runs.cancel',
    ask: { readonly params: { readonly team_run_id: string }; readonly body?: Record<string, unknown> },
  ): Promise<boolean> {
    try {
      await this.#mesh.ask(route, ask);
      return true;
    } catch (error) {
      if (error instanceof MeshError && error.code === 'not_enabled') return false;
      throw error;
    }
  }
}
