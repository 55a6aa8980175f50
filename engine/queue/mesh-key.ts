// The key that daemon and workers of one mesh share: a file for its owner alone. What they send each other is signed with keys made from it.
import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { MeshError } from '#machines/nouns/error-codes';
import type { Disk, Random } from '../ports.ts';

const KEY_BYTES = 32;
const FORM = /^[0-9a-f]{64}\n?$/;
const OTHERS = 0o077;

/** The key, for making MACs alone: its bytes leave it nowhere. */
export interface MeshKey {
  /** Names the mesh in a Redis that several share; says nothing about the key. */
  readonly id: string;
  /** HMAC-SHA256 (RFC 2104), base64url. */
  mac(text: string): string;
}

/** HKDF-SHA256 (RFC 5869): what is signed for one purpose is worth nothing for another. */
const derived = (secret: Uint8Array, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `agentmesh/v1/${purpose}`, KEY_BYTES));

/** The key of 32 secret bytes. */
export const meshKeyOf = (secret: Uint8Array): MeshKey => {
  const messages = derived(secret, 'messages');
  return {
    id: Buffer.from(derived(secret, 'name').subarray(0, 8)).toString('hex'),
    mac: (text) => createHmac('sha256', messages).update(text).digest('base64url'),
  };
};

const refuse = (path: string, why: string, cause?: unknown): MeshError =>
  new MeshError('mesh_key', `The mesh key ${path} ${why}`, {}, { cause });

/**
 * Reads a mesh key.
 * @throws MeshError mesh_key when the file is not there, is open to other users, or holds no key
 */
export const readMeshKey = (path: string): MeshKey => {
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) throw refuse(path, 'can be read by other users');
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof MeshError) throw error;
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw refuse(path, isAbsent ? 'is not there' : 'cannot be read', error);
  }
  if (!FORM.test(text)) throw refuse(path, 'is not 64 hexadecimal digits');
  return meshKeyOf(Buffer.from(text.trim(), 'hex'));
};

/**
 * The key of a data folder: read, or made (0600) when there is none yet. A file that cannot be used is never replaced.
 * @throws MeshError mesh_key as readMeshKey, and what the disk says when it cannot be written
 */
export const ownMeshKey = (
  path: string,
  ports: { readonly disk: Disk; readonly random: Random },
): MeshKey => {
  if (!ports.disk.exists(path))
    ports.disk.writeAtomic(path, `${Buffer.from(ports.random.bytes(KEY_BYTES)).toString('hex')}\n`);
  return readMeshKey(path);
};
