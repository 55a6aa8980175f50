// Starts a team run: the pinned template, the inputs and the first transition become durable together.
import { chartOf } from '#machines/team-run/chart';
import { initial, persist, statePath, statusOf } from '#machines/team-run/host';
import { isWorkStep } from '#machines/nouns/team';
import type { Audit } from '../audit/append.ts';
import type { Idempotency } from '../audit/idempotency.ts';
import type { Asked, TemplateSource } from '../engine.ts';
import type { EventLog } from '../events/append.ts';
import type { Caller } from '../identity/caller.ts';
import type { Artifacts } from '../invocations/artifacts.ts';
import type { FindAsker } from '../invocations/origin.ts';
import type { Ids } from '../ports.ts';
import type { Writer } from '../store/writer.ts';
import { resolveInputs } from '../templates/inputs.ts';
import type { Templates } from '../templates/load.ts';
import type { Drive } from './drive.ts';
import type { MachineLibrary } from './machine-library.ts';
import { askedRecord, withoutMessage } from './origin.ts';
import type { TeamRunRow, TeamRunRows } from './rows.ts';

export interface StartParts {
  readonly writer: Writer;
  readonly log: EventLog;
  readonly rows: TeamRunRows;
  readonly library: MachineLibrary;
  readonly drive: Drive;
  readonly templates: Templates;
  readonly audit: Audit;
  readonly idempotency: Idempotency;
  readonly ids: Ids;
  readonly findAsker: FindAsker;
  readonly artifacts: Pick<Artifacts, 'keepFiles'>;
}

export interface StartAsk {
  readonly template: TemplateSource;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly idempotencyKey?: string;
  readonly asked?: Asked;
}

/** Answers the id of the run (an earlier one for a repeated Idempotency-Key). */
export const createStart =
  (parts: StartParts) =>
  async (caller: Caller, ask: StartAsk): Promise<string> => {
    const { writer, log, rows, library, drive, audit, idempotency, ids } = parts;
    // What was asked, as it was asked: a later change of the template's file makes the repeat no other request.
    const asked = { template: ask.template, inputs: ask.inputs };
    const before = idempotency.earlier('team_run.start', ask.idempotencyKey, asked);
    if (before !== null) return before;
    const pinned = await parts.templates.pin(ask.template);
    const inputs = resolveInputs(pinned.template.inputs, ask.inputs);
    const id = ids.uuidv7();
    const asker =
      ask.asked === undefined
        ? null
        : askedRecord(ask.asked, pinned.template.name, parts.findAsker, parts.artifacts);
    return writer.submit((tx) => {
      const earlier = idempotency.claim(tx, 'team_run.start', ask.idempotencyKey, asked, id);
      if (earlier !== null) return earlier;
      audit.append(tx, caller, 'team_run.start', 'write', id, {
        template: pinned.hash,
        inputs,
        ...(asker === null ? {} : { asked_by: withoutMessage(asker) }),
      });
      const entry = library.put(pinned.hash, pinned.template);
      const snapshot = initial(entry.hosted, { teamRunId: id, at: tx.now });
      const row: TeamRunRow = {
        id,
        template_hash: pinned.hash,
        compiler_version: entry.compilerVersion,
        machine_hash: entry.machineHash,
        snapshot: persist(entry.hosted, snapshot),
        status: statusOf(snapshot),
        inputs: JSON.stringify(inputs),
        origin: pinned.origin,
        commit_id: pinned.commit,
        last_at: tx.now,
        created_at: tx.now,
        updated_at: tx.now,
        ended_at: null,
        blocked: null,
        asked_by: asker === null ? null : JSON.stringify(asker),
        context_id: asker?.context_id ?? null,
      };
      rows.pin(tx, {
        hash: pinned.hash,
        name: pinned.template.name,
        text: pinned.text,
        parsed: JSON.stringify(pinned.template),
      });
      rows.insert(tx, row);
      log.append(
        tx,
        {
          run_id: id,
          team_run_id: id,
          kind: 'status',
          payload: {
            state: statusOf(snapshot),
            event: 'created',
            to: statePath(snapshot),
            data: {
              at: tx.now,
              inputs,
              ...(asker === null ? {} : { asked_by: asker }),
              template: {
                name: pinned.template.name,
                hash: pinned.hash,
                compiler_version: entry.compilerVersion,
                machine_hash: entry.machineHash,
                origin: pinned.origin,
                commit: pinned.commit,
                text: pinned.text,
              },
              steps: pinned.template.steps
                .filter(isWorkStep)
                .map((step) => ({ id: step.id, role: step.role })),
            },
          },
        },
        'engine',
      );
      drive.adopt(tx, { row, entry, snapshot, lastAt: tx.now });
      drive(tx, id, { type: 'run' });
      return id;
    });
  };

/** The chart of a run’s machine, with the agents that its steps were given to. */
export const chartOfRun = (
  row: TeamRunRow,
  library: MachineLibrary,
  agents: Readonly<Record<string, string>>,
): ReturnType<typeof chartOf> => {
  const { template, hosted } = library.get(row.template_hash);
  return chartOf(hosted.machine, template, agents);
};
