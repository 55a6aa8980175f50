// Large texts and data live beside the log under their SHA-256; an event carries the reference.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { EventPayload } from '#machines/nouns/event';
import type { Disk } from '../ports.ts';

const REFERENCE = /^sha256:([0-9a-f]{64})$/;

export interface Artifacts {
  /** The payload as it goes into the log: over 64 KiB its text or data is stored and referred to. */
  keep(payload: EventPayload<'artifact'>): EventPayload<'artifact'>;
  /** What a reference stands for, text or JSON as it was stored. Throws not_found. */
  read(ref: string): string;
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

/** Artifacts in a folder, one file each. Equal content is stored once. */
export const createArtifacts = (folder: string, disk: Disk): Artifacts => ({
  keep: (payload) => {
    const content = payload.text ?? (payload.data === undefined ? undefined : JSON.stringify(payload.data));
    if (content === undefined) return payload;
    const bytes = Buffer.from(content, 'utf8');
    if (bytes.length <= LIMITS.artifactInlineBytes) return payload;
    if (bytes.length > LIMITS.artifactBytes)
      throw new MeshError('invalid_agent_response', `an artifact of ${bytes.length} bytes is over the limit`);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const path = join(folder, hash);
    if (!disk.exists(path)) write(disk, path, bytes);
    const { text: _text, data: _data, ...rest } = payload;
    const mime = payload.mime ?? (payload.text === undefined ? 'application/json' : 'text/plain');
    return { ...rest, mime, ref: `sha256:${hash}`, bytes: bytes.length };
  },
  read: (ref) => {
    const hash = REFERENCE.exec(ref)?.[1];
    const path = hash === undefined ? null : join(folder, hash);
    if (path === null || !disk.exists(path)) throw new MeshError('not_found', `no artifact ${ref}`);
    return Buffer.from(disk.readFile(path)).toString('utf8');
  },
});
