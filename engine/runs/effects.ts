// Effects of a transition become rows in its transaction: invocations with their jobs, cancel requests, timers.
import {
  isWorkStep,
  promptReferences,
  durationMs,
  type TeamTemplate,
  type WorkStep,
} from '#machines/nouns/team';
import { LIMITS } from '#machines/nouns/limits';
import type { Effect } from '#machines/team-run/host';
import type { Invocations } from '../invocations/invocations.ts';
import { renderPrompt } from '../invocations/prompt.ts';
import type { Ids } from '../ports.ts';
import type { Tx } from '../store/writer.ts';
import type { LiveRun } from './live-run.ts';
import { askedByOf } from './origin.ts';
import type { TeamRunRows } from './rows.ts';
import type { Timers } from './timers.ts';

export type ApplyEffect = (tx: Tx, run: LiveRun, effect: Effect) => void;

export interface EffectParts {
  readonly rows: TeamRunRows;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly invocations: () => Pick<Invocations, 'begin' | 'stopByKey'>;
  /** Whether the execution before this one ended without anybody knowing how. */
  readonly endedUnknown: (key: string) => boolean;
}

/** Who does a step: a name, or a skill that is looked up when its job runs. */
const binding = (
  template: TeamTemplate,
  step: WorkStep,
): {
  readonly agent: string;
  readonly skill?: { readonly id: string; readonly prefer: readonly string[] };
} => {
  const role = template.roles[step.role];
  if (role === undefined) return { agent: step.role };
  return 'agent' in role
    ? { agent: role.agent }
    : { agent: `skill:${role.skill}`, skill: { id: role.skill, prefer: role.prefer ?? [] } };
};

/** Only what the prompt names goes along. */
const referenced = (
  step: WorkStep,
  outputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    promptReferences(step.prompt).flatMap((reference) =>
      reference.from === 'steps' && Object.hasOwn(outputs, reference.step)
        ? [[reference.step, outputs[reference.step]]]
        : [],
    ),
  );

/** Wires the effects. */
export const createApplyEffect = (parts: EffectParts): ApplyEffect => {
  const { rows, timers, ids } = parts;

  const invokeStep = (tx: Tx, run: LiveRun, effect: Extract<Effect, { type: 'invokeStep' }>): void => {
    const { template } = run.entry;
    const step = template.steps.filter(isWorkStep).find(({ id }) => id === effect.step);
    if (step === undefined)
      throw new Error(`the machine invokes a step ${effect.step} that the template lacks`);
    const needsOutputs = promptReferences(step.prompt).some(({ from }) => from === 'steps');
    const values = {
      inputs: JSON.parse(run.row.inputs) as Record<string, unknown>,
      outputs: needsOutputs ? referenced(step, rows.outputs(run.row.id)) : {},
    };
    const rendered = renderPrompt(step.prompt, values);
    const { agent, skill } = binding(template, step);
    const asker = askedByOf(run.row);
    const before = effect.key.replace(/\d+$/, String(effect.execution - 1));
    parts.invocations().begin(
      tx,
      {
        runId: ids.uuidv7(),
        teamRunId: run.row.id,
        step: step.id,
        execution: effect.execution,
        attempt: effect.attempt,
        key: effect.key,
        agent,
        from: null,
        prompt: step.prompt,
        data: {
          team_run_id: run.row.id,
          team: template.name,
          step: step.id,
          ...(asker === null ? {} : { origin: asker.chain }),
          values,
          ...(skill === undefined ? {} : { skill }),
        },
        onUnknown: step.on_unknown,
        outputSchema: step.output ?? null,
        mayHaveRunTwice: effect.execution > 1 && parts.endedUnknown(before),
        deadline:
          tx.now + (step.timeout === undefined ? LIMITS.defaultStepTimeoutMs : durationMs(step.timeout)),
      },
      rendered.ok ? rendered.text : step.prompt,
    );
  };

  return (tx, run, effect) => {
    switch (effect.type) {
      case 'invokeStep':
        invokeStep(tx, run, effect);
        return;
      case 'cancelInvocations':
        for (const key of effect.keys) parts.invocations().stopByKey(tx, key, 'the team run asked for it');
        return;
      case 'startTimer':
        timers.start(tx, {
          team_run_id: run.row.id,
          timer_id: effect.timerId,
          // The time of the event that started it: strictly rising per run, so no two visits share it.
          generation: run.lastAt,
          due_at: run.lastAt + effect.delayMs,
          event: JSON.stringify(effect.event),
        });
        return;
      case 'stopTimer':
        timers.stop(tx, run.row.id, effect.timerId);
    }
  };
};
