// The artifacts of a task as they grow: pieces in, each reported once when it is complete.
import type { Artifact, Message, Part, TaskArtifactUpdateEvent } from '@a2a-js/sdk';
import type { MeshFile } from '#machines/nouns/file';
import { LIMITS } from '#machines/nouns/limits';
import type { AdapterEvent, OutcomeArtifact, Sink } from '../adapter.ts';
import { Fault } from './faults.ts';

interface Growing {
  readonly name: string;
  readonly parts: Part[];
  /** Text that was reported as deltas. */
  streamed: string;
  isReported: boolean;
}

/** The text of parts, joined as it was written. */
export const textOf = (parts: readonly Part[]): string =>
  parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');

const fileOf = (part: Part): unknown => {
  const { content, filename } = part;
  const name = filename === '' ? {} : { name: filename };
  if (content?.$case === 'url') return { url: content.value, ...name };
  if (content?.$case === 'raw') return { base64: Buffer.from(content.value).toString('base64'), ...name };
  return null;
};

/** What is not text: data as it is, files by address or bytes; one alone stands for itself. */
export const dataOf = (parts: readonly Part[]): unknown => {
  const found = parts.flatMap((part) => {
    if (part.content?.$case === 'data') return [part.content.value as unknown];
    const file = fileOf(part);
    return file === null ? [] : [file];
  });
  return found.length > 1 ? found : found[0];
};

/** What a message carries besides its text, as an artifact without a name; null when there is nothing. */
export const asArtifact = ({ messageId, parts }: Message): TaskArtifactUpdateEvent | null =>
  dataOf(parts) === undefined
    ? null
    : {
        taskId: '',
        contextId: '',
        artifact: {
          artifactId: messageId,
          name: '',
          description: '',
          parts: parts.filter(({ content }) => content?.$case !== 'text'),
          metadata: undefined,
          extensions: [],
        },
        append: false,
        lastChunk: true,
        metadata: undefined,
      };

/** A file part with its bytes or its address; null for every other part. */
const toFile = ({ content, filename, mediaType }: Part): MeshFile | null => {
  const facts = {
    ...(filename === '' ? {} : { name: filename }),
    ...(mediaType === '' ? {} : { mime: mediaType }),
  };
  if (content?.$case === 'url') return { ...facts, url: content.value };
  if (content?.$case === 'raw') return { ...facts, base64: Buffer.from(content.value).toString('base64') };
  return null;
};

const toOutcome = ({ name, parts }: Pick<Growing, 'name' | 'parts'>): OutcomeArtifact => {
  const text = textOf(parts);
  const said = parts.filter((part) => toFile(part) === null);
  const data = dataOf(said);
  const files = parts.map(toFile).filter((file) => file !== null);
  const mime = said.find(({ mediaType }) => mediaType !== '')?.mediaType;
  return {
    ...(name === '' ? {} : { name }),
    ...(text === '' ? {} : { text }),
    ...(data === undefined ? {} : { data }),
    ...(files.length === 0 ? {} : { files }),
    ...(mime === undefined ? {} : { mime }),
  };
};

const sizeOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, { content }) => {
    if (content?.$case === 'data') return sum + JSON.stringify(content.value ?? null).length;
    return sum + (content?.value.length ?? 0);
  }, 0);

export class Artifacts {
  readonly #sink: Sink;
  readonly #byId = new Map<string, Growing>();
  #replayed: Readonly<Record<string, unknown>> = {};

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** A piece of an artifact, or a whole one. Its text is reported as it comes. */
  async grow(
    { artifact, append, lastChunk }: TaskArtifactUpdateEvent,
    metadata: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    if (artifact === undefined) return;
    const known = this.#byId.get(artifact.artifactId);
    const growing = append && known !== undefined ? known : this.#begin(artifact, known);
    growing.parts.push(...artifact.parts);
    this.#check(growing);
    const isInPieces = !lastChunk || growing.streamed !== '';
    if (isInPieces) await this.#stream(growing, textOf(artifact.parts));
    if (lastChunk) await this.#report(growing, metadata);
  }

  /** Artifacts as the agent holds them now: what was missed is reported, with `metadata` in their events. */
  async replace(
    artifacts: readonly Artifact[],
    metadata: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.#replayed = metadata;
    for (const artifact of artifacts) {
      const known = this.#byId.get(artifact.artifactId);
      const text = textOf(artifact.parts);
      const growing = this.#begin(artifact, known);
      growing.parts.push(...artifact.parts);
      this.#check(growing);
      if (growing.streamed !== '' && !growing.isReported && text.startsWith(growing.streamed)) {
        await this.#stream(growing, text.slice(growing.streamed.length));
      }
    }
  }

  /** Reports what was never marked as complete; the task has ended. */
  async finish(): Promise<void> {
    for (const growing of this.#byId.values()) await this.#report(growing, this.#replayed);
  }

  /** All artifacts, in order. */
  outcome(): OutcomeArtifact[] {
    return [...this.#byId.values()].map(toOutcome);
  }

  /** The text of all artifacts. */
  text(): string {
    return [...this.#byId.values()]
      .map(({ parts }) => textOf(parts))
      .filter((text) => text !== '')
      .join('\n');
  }

  /** Begins an artifact, or begins it again; what was reported of it stays reported. */
  #begin(artifact: Artifact, known: Growing | undefined): Growing {
    const growing: Growing = {
      name: artifact.name,
      parts: [],
      streamed: known?.streamed ?? '',
      isReported: known?.isReported ?? false,
    };
    this.#byId.set(artifact.artifactId, growing);
    return growing;
  }

  async #stream(growing: Growing, text: string): Promise<void> {
    if (text === '') return;
    growing.streamed += text;
    await this.#sink.event({ kind: 'message', payload: { role: 'agent', text }, delta: true });
  }

  async #report(growing: Growing, metadata: Readonly<Record<string, unknown>>): Promise<void> {
    if (growing.isReported) return;
    growing.isReported = true;
    const event: AdapterEvent = {
      kind: 'artifact',
      payload: { ...toOutcome(growing) },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    };
    await this.#sink.event(event);
  }

  #check(growing: Growing): void {
    if (sizeOf(growing.parts) > LIMITS.artifactBytes) {
      throw new Fault('invalid_agent_response', `An artifact is over ${String(LIMITS.artifactBytes)} bytes`);
    }
  }
}
