// Our device at OpenClaw gateways: an Ed25519 key of our own, and the tokens that gateways gave it. Files of 0600.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { getPublicKeyAsync, signAsync } from '@noble/ed25519';
import { FILES } from '#machines/nouns/data-folder';
import { MeshError } from '#machines/nouns/error';
import { z } from 'zod';
import type { Ports } from '../../ports.ts';

/** RFC 8032: seed and public key of Ed25519. */
const KEY_BYTES = 32;

const Base64UrlKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64url')));

const KeyFileSchema = z.object({ version: z.literal(1), private_key: Base64UrlKey });
const TokenFileSchema = z.object({
  version: z.literal(1),
  gateway: z.string(),
  token: z.string().min(1),
  scopes: z.array(z.string()),
});

/** What a gateway gave our device when they were paired. */
export interface DeviceToken {
  readonly token: string;
  readonly scopes: readonly string[];
}

export interface Device {
  /** SHA-256 (hex) of the raw public key. */
  readonly id: string;
  /** base64url of the raw 32 bytes. */
  readonly publicKey: string;
  /** Ed25519 signature (RFC 8032) of the text, base64url. */
  sign(text: string): Promise<string>;
}

export interface Identity {
  /** Our device; its key is made when there is none yet. Throws MeshError auth when the key file cannot be trusted. */
  device(): Promise<Device>;
  /** The token of our device at a gateway (its address); null when it is not paired. */
  token(gateway: string): DeviceToken | null;
  keepToken(gateway: string, token: DeviceToken): void;
  dropToken(gateway: string): void;
  /** Where the token of a gateway lies. */
  tokenFile(gateway: string): string;
  readonly keyFile: string;
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** The identity in a data folder. */
export const createIdentity = (ports: Pick<Ports, 'disk' | 'random'>, dataDir: string): Identity => {
  const { disk, random } = ports;
  const folder = join(dataDir, FILES.agentKeys, 'openclaw');
  const keyFile = join(folder, 'device.json');
  const tokenFile = (gateway: string): string =>
    join(folder, `gateway-${createHash('sha256').update(gateway).digest('hex').slice(0, 16)}.json`);

  /** A file that holds a secret, parsed. A loose or broken one is never used, and never replaced: its owner must look. */
  const readSecret = <T>(path: string, schema: z.ZodType<T>): T => {
    const mode = disk.mode(path);
    if ((mode & 0o077) !== 0)
      throw new MeshError('auth', `${path} is open to other users (${mode.toString(8)})`, {
        remedy: `Close it: chmod 600 ${path}`,
      });
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(disk.readFile(path)));
    } catch {
      value = null;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new MeshError('auth', `${path} is damaged`, {
      remedy: 'Restore it from a copy, or remove it and run `agentmesh openclaw install` again.',
    });
  };

  const write = (path: string, value: unknown): void => {
    disk.makeFolder(folder);
    disk.writeAtomic(path, `${JSON.stringify(value)}\n`);
  };

  const seed = (): Uint8Array => {
    if (disk.exists(keyFile)) return readSecret(keyFile, KeyFileSchema).private_key;
    const made = random.bytes(KEY_BYTES);
    write(keyFile, { version: 1, private_key: base64url(made) });
    return made;
  };

  const load = async (): Promise<Device> => {
    const secret = seed();
    const publicKey = await getPublicKeyAsync(secret);
    return {
      id: createHash('sha256').update(publicKey).digest('hex'),
      publicKey: base64url(publicKey),
      sign: async (text) => base64url(await signAsync(new TextEncoder().encode(text), secret)),
    };
  };

  return {
    keyFile,
    tokenFile,
    device: load,
    token(gateway) {
      const path = tokenFile(gateway);
      if (!disk.exists(path)) return null;
      const kept = readSecret(path, TokenFileSchema);
      return kept.gateway === gateway ? { token: kept.token, scopes: kept.scopes } : null;
    },
    keepToken(gateway, { token, scopes }) {
      write(tokenFile(gateway), { version: 1, gateway, token, scopes });
    },
    dropToken(gateway) {
      disk.remove(tokenFile(gateway));
    },
  };
};
