// Tool calls as an agent tells them: one without an id ends the call of that name that began last; one begins once.
import type { Artifact, Task } from '@a2a-js/sdk';
import type { EventPayload } from '#machines/nouns/event';
import { textOf } from './artifacts.ts';
import { isOfGemini, outputOf } from './gemini.ts';

type ToolPayload = EventPayload<'tool'>;

/** The calls of one task. */
export class Tools {
  readonly #open: { readonly name: string; readonly id: string }[] = [];
  /** Name of each call that has an id of the agent’s own, by that id. */
  readonly #named = new Map<string, string>();
  #count = 0;

  /** What a call shows, where an artifact is just that: each time the whole screen. Null for any other artifact. */
  outputIn(artifact: Artifact | undefined): ToolPayload | null {
    const callId = outputOf(artifact?.artifactId ?? '');
    const name = callId === null ? undefined : this.#named.get(callId);
    if (callId === null || name === undefined) return null;
    const output = textOf(artifact?.parts ?? [])
      .replace(/[ \t]+$/gm, '')
      .trimEnd();
    return { name, phase: 'update', call_id: callId, output };
  }

  /** The artifacts of a task but for what its tools have shown. */
  withoutOutputs({ artifacts, metadata }: Task): Artifact[] {
    return artifacts.filter(({ artifactId }) => {
      const call = outputOf(artifactId);
      return call === null || !(this.#named.has(call) || isOfGemini(metadata));
    });
  }

  /** The payload with the id of its call; one that the agent gave stays, and begins once. */
  identified(payload: ToolPayload): ToolPayload {
    const { call_id: own } = payload;
    if (own !== undefined) {
      const isAgain = payload.phase === 'start' && this.#named.has(own);
      this.#named.set(own, payload.name);
      return isAgain ? { ...payload, phase: 'update' } : payload;
    }
    const { name, phase } = payload;
    const at = this.#open.findLastIndex((each) => each.name === name);
    const known = phase === 'start' ? undefined : this.#open[at];
    const id = known?.id ?? this.#begin(name);
    if (phase === 'end') {
      const ended = this.#open.findIndex((each) => each.id === id);
      this.#open.splice(ended, 1);
    }
    return { ...payload, call_id: id };
  }

  #begin(name: string): string {
    this.#count += 1;
    const id = `${name}-${String(this.#count)}`;
    this.#open.push({ name, id });
    return id;
  }
}
