// Large texts, data and files live beside the log under their SHA-256; an event carries the reference.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { EventPayload } from '#machines/nouns/event';
import type { MeshFile } from '#machines/nouns/file';
import type { Disk } from '../ports.ts';

const REFERENCE = /^sha256:([0-9a-f]{64})$/;

/** What an artifact holds, read back whole. */
export interface ArtifactContent {
  readonly text?: string;
  readonly data?: unknown;
}

export interface Artifacts {
  /** The payload as it goes into the log: text or data over 64 KiB, and files over 64 KiB together, are stored and referred to. */
  keep(payload: EventPayload<'artifact'>): EventPayload<'artifact'>;
  /** Text and data of a payload that was kept. Throws not_found. */
  contentOf(payload: Readonly<Record<string, unknown>>): ArtifactContent;
  /** Files as they go into the log: small together they stay as they are, the rest is stored and referred to. */
  keepFiles(files: readonly MeshFile[]): MeshFile[];
  /** A file with its bytes, wherever they lie. Throws not_found. */
  whole(file: MeshFile): MeshFile;
  /** What a reference stands for, byte by byte. Throws not_found. */
  read(ref: string): Buffer;
}

/** A disk that is full for a while must not become the agent's failure. */
const write = (disk: Disk, path: string, bytes: Uint8Array): void => {
  try {
    disk.writeAtomic(path, bytes);
  } catch (error) {
    const isFull =
      error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    throw new MeshError(
      isFull ? 'disk_full' : 'storage_failed',
      `cannot write ${path}`,
      {},
      { cause: error },
    );
  }
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Artifacts in a folder, one file each. Equal content is stored once. */
export const createArtifacts = (folder: string, disk: Disk): Artifacts => {
  const store = (bytes: Uint8Array): string => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const path = join(folder, hash);
    if (!disk.exists(path)) write(disk, path, bytes);
    return `sha256:${hash}`;
  };

  /** The first ones stay in the event while they are small together. */
  const keepFiles = (files: readonly MeshFile[], sized: (bytes: number) => void): MeshFile[] => {
    let inline = 0;
    // Only we say what lies beside the log: a reference that came from outside is nothing.
    return files
      .filter(({ ref }) => ref === undefined)
      .map((file) => {
        if (file.base64 === undefined) return file;
        const { base64, ...rest } = file;
        const bytes = Buffer.from(base64, 'base64');
        sized(bytes.length);
        inline += bytes.length;
        return inline <= LIMITS.artifactInlineBytes
          ? { ...rest, base64: bytes.toString('base64'), bytes: bytes.length }
          : { ...rest, ref: store(bytes), bytes: bytes.length };
      });
  };

  const read = (ref: string): Buffer => {
    const hash = REFERENCE.exec(ref)?.[1];
    const path = hash === undefined ? null : join(folder, hash);
    if (path === null || !disk.exists(path)) throw new MeshError('not_found', `no artifact ${ref}`);
    return Buffer.from(disk.readFile(path));
  };

  /** Adds up sizes; throws when they are over the limit together. */
  const limited = (): ((bytes: number) => void) => {
    let total = 0;
    return (bytes) => {
      total += bytes;
      if (total > LIMITS.artifactBytes)
        throw new MeshError('invalid_agent_response', `an artifact of ${total} bytes is over the limit`);
    };
  };

  return {
    keepFiles: (files) => keepFiles(files, limited()),
    whole: (file) => {
      const { ref, ...rest } = file;
      return ref === undefined ? file : { ...rest, base64: read(ref).toString('base64') };
    },
    keep: (payload) => {
      const sized = limited();
      const { text, data, files, ref: _ref, ref_to: _to, text_ref: _text, ...rest } = payload;
      const texts = text === undefined ? undefined : Buffer.from(text, 'utf8');
      const json = data === undefined ? undefined : Buffer.from(JSON.stringify(data), 'utf8');
      sized((texts?.length ?? 0) + (json?.length ?? 0));
      const kept = files === undefined ? {} : { files: keepFiles(files, sized) };
      const isAside = (bytes: Buffer | undefined): bytes is Buffer =>
        bytes !== undefined && bytes.length > LIMITS.artifactInlineBytes;
      const inline = {
        ...(text === undefined || isAside(texts) ? {} : { text }),
        ...(data === undefined || isAside(json) ? {} : { data }),
      };
      if (isAside(json))
        return {
          ...rest,
          ...inline,
          mime: payload.mime ?? 'application/json',
          ref: store(json),
          ref_to: 'data',
          bytes: json.length,
          ...(isAside(texts) ? { text_ref: store(texts) } : {}),
          ...kept,
        };
      if (isAside(texts))
        return {
          ...rest,
          ...inline,
          mime: payload.mime ?? 'text/plain',
          ref: store(texts),
          ref_to: 'text',
          bytes: texts.length,
          ...kept,
        };
      return { ...rest, ...inline, ...kept };
    },
    contentOf: (payload) => {
      const ref = textOf(payload['ref']);
      // Lines of earlier versions do not say: then the media type does.
      const to = textOf(payload['ref_to']) ?? (payload['mime'] === 'application/json' ? 'data' : 'text');
      const textRef = textOf(payload['text_ref']) ?? (to === 'text' ? ref : undefined);
      const text = textOf(payload['text']) ?? (textRef === undefined ? undefined : read(textRef).toString());
      const data =
        payload['data'] ??
        (ref !== undefined && to === 'data' ? (JSON.parse(read(ref).toString()) as unknown) : undefined);
      return {
        ...(text === undefined ? {} : { text }),
        ...(data === undefined ? {} : { data }),
      };
    },
    read,
  };
};
