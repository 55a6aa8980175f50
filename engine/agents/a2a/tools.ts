// Tool calls that an agent tells without an id: what ends is the call of that name that began last.
import type { EventPayload } from '#machines/nouns/event';

type ToolPayload = EventPayload<'tool'>;

/** The calls of one task. */
export class Tools {
  readonly #open: { readonly name: string; readonly id: string }[] = [];
  #count = 0;

  /** The payload with the id of its call; one that the agent gave stays. */
  identified(payload: ToolPayload): ToolPayload {
    if (payload.call_id !== undefined) return payload;
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
