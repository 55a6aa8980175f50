// What the agents of a team run answered, whole: what they said at the end, and every artifact of it, files included.
import type { EventV1 } from '#machines/nouns/event';
import type { MeshFile } from '#machines/nouns/file';
import { LIMITS } from '#machines/nouns/limits';
import { isTerminalInvocation, type TeamRun } from '#machines/nouns/run';
import type { EventLog } from '../events/append.ts';
import type { Artifacts } from '../invocations/artifacts.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { StepAnswer, StepArtifact } from './told.ts';

export interface Answers {
  /** Of the steps that have ended well, in the order of the team; those named in `known` are left out unread. */
  of(run: TeamRun, known?: ReadonlySet<string>): StepAnswer[];
}

export interface AnswersParts {
  readonly store: Pick<Store, 'db'>;
  readonly log: Pick<EventLog, 'page'>;
  readonly artifacts: Artifacts;
}

/** Messages looked through for the last word of a call, newest first: what comes after it is late. */
const LAST_MESSAGES = 50;

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Wires it. */
export const createAnswers = ({ store, log, artifacts }: AnswersParts): Answers => {
  const newest = statement<{ run_id: string; limit: number }>()(store.db, (k) =>
    k
      .selectFrom('events')
      .select('line')
      .where('run_id', '=', param<string>('run_id'))
      .where('kind', '=', 'message')
      .orderBy('seq', 'desc')
      .limit(param<number>('limit')),
  );

  const finalOf = (runId: string): { readonly text: string; readonly isDirect: boolean } => {
    for (const { line } of newest.all({ run_id: runId, limit: LAST_MESSAGES })) {
      const { payload, metadata } = JSON.parse(line) as EventV1;
      if (metadata['final'] !== true || metadata['source'] !== 'agent') continue;
      const ref = textOf(payload['ref']);
      const text = ref === null ? textOf(payload['text']) : artifacts.read(ref).toString();
      return { text: text ?? '', isDirect: metadata['direct'] === true };
    }
    return { text: '', isDirect: false };
  };

  const artifactsOf = (runId: string): StepArtifact[] =>
    log.page({ run_id: runId, kind: 'artifact' }, 0, LIMITS.eventsPageMax).lines.flatMap((line) => {
      const { payload, metadata } = JSON.parse(line) as EventV1;
      // What was posted is nobody's answer, and what came after the end is no part of it.
      if (metadata['source'] !== 'agent' || metadata['late'] === true) return [];
      const files = (payload['files'] ?? []) as readonly MeshFile[];
      return [
        {
          ...artifacts.contentOf(payload),
          name: textOf(payload['name']),
          mime: textOf(payload['mime']),
          files: files.map((file) => artifacts.whole(file)),
        },
      ];
    });

  return {
    of: (run, known = new Set()) =>
      run.steps.flatMap(({ id, role, output, attempts }) => {
        const done =
          output === null
            ? undefined
            : attempts.findLast(({ state, error }) => isTerminalInvocation(state) && error === null);
        if (done === undefined || known.has(id)) return [];
        const { text, isDirect } = finalOf(done.run_id);
        return [{ step: id, role, text, isDirect, artifacts: artifactsOf(done.run_id), output }];
      }),
  };
};
