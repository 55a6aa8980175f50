// What looks for agents by itself: a source. It says what it finds and knows nothing of the registry.
import type { AgentEntry, Provenance } from '#machines/nouns/agent';
import type { DiscoverySource } from '#machines/nouns/discovery-sources';
import type { SourceState } from '#machines/nouns/discovery';

/** An agent that a source names: somewhere to ask, with no word of a person behind it. */
export interface FoundAgent {
  /** Without name, token or settings that others could have chosen. */
  readonly entry: AgentEntry;
  readonly provenance: Extract<Provenance['source'], 'mdns' | 'tailnet' | 'local'>;
  /** Service, host or program that it was found by. */
  readonly detail: string;
}

/** Addresses and ports at which this daemon itself listens: never an agent of its own mesh. */
export interface OwnPlace {
  readonly host: string;
  readonly port: number;
}

export interface Source {
  readonly name: DiscoverySource;
  /** Begins to look; `tell` is called with what is new or has changed, or is still there. Never throws. */
  begin(tell: (found: readonly FoundAgent[]) => void): void;
  /** Looks now; resolves when answers had their time, at the latest when `signal` aborts. Never rejects. */
  look(signal: AbortSignal): Promise<void>;
  state(): SourceState;
  /** Resolves when nothing of it is left. Idempotent. */
  close(): Promise<void>;
}
