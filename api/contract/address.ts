// Where a daemon is: default port, the files of its data folder, and the path of its socket. Pure, used by daemon and CLI alike.

import { FILES } from '#machines/nouns/data-folder';

export { FILES };

export const DEFAULT_HOST = '127.0.0.1';
/** The port of the earlier tools; kept so that their users find the daemon. */
export const DEFAULT_PORT = 8321;

/** sun_path holds 108 bytes with its NUL (unix(7)). */
const SUN_PATH_BYTES = 107;

/** FNV-1a, 64 bits, hex: names a data folder inside a shared runtime folder. */
const fnv1a = (text: string): string => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
};

/**
 * The socket of the daemon on a data folder: inside it, or, where that path is too long for sun_path,
 * under the runtime folder (XDG_RUNTIME_DIR). Null when neither fits: then there is TCP only.
 */
export const socketPath = (dataDir: string, runtimeDir: string | undefined): string | null => {
  const fits = (path: string): boolean => new TextEncoder().encode(path).length <= SUN_PATH_BYTES;
  const inside = `${dataDir}/${FILES.socket}`;
  if (fits(inside)) return inside;
  if (runtimeDir === undefined) return null;
  const outside = `${runtimeDir}/agentmesh-${fnv1a(dataDir)}/${FILES.socket}`;
  return fits(outside) ? outside : null;
};
