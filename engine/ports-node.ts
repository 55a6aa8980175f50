// The real ports: the system's clock, chance, disk and network. Tests and simulators have their own.
import { randomBytes, randomFillSync } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { v7 } from 'uuid';
import { createNet } from './net/net.ts';
import type {
  AppendFile,
  Clock,
  CrashPoint,
  CrashPoints,
  Disk,
  Ids,
  LocalHttp,
  Log,
  Ports,
} from './ports.ts';
import { CRASH_POINTS } from './ports.ts';
import { MeshError } from '#machines/nouns/error-codes';

/** setTimeout holds at most 2^31-1 ms; longer waits are made of several. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const clock: Clock = {
  now: Date.now,
  after(ms, callback) {
    let left = Math.max(0, ms);
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const part = Math.min(left, LONGEST_TIMEOUT_MS);
      left -= part;
      timer = setTimeout(left > 0 ? arm : callback, part);
    };
    arm();
    return () => {
      clearTimeout(timer);
    };
  },
};

const writeAll = (fd: number, bytes: Uint8Array): void => {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
};

const openAppend = (path: string): AppendFile => {
  const fd = openSync(path, 'a+', 0o600);
  return {
    path,
    size: () => fstatSync(fd).size,
    append(bytes) {
      writeAll(fd, bytes);
    },
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(fd, bytes, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    },
    truncate(size) {
      ftruncateSync(fd, size);
    },
    sync() {
      fdatasyncSync(fd);
    },
    close() {
      closeSync(fd);
    },
  };
};

/** A rename is durable only once its folder is (fsync(2)); not every file system lets a folder be synced. */
const syncFolder = (path: string): void => {
  let fd: number | null = null;
  try {
    fd = openSync(path, 'r');
    fsyncSync(fd);
  } catch {
    return;
  } finally {
    if (fd !== null) closeSync(fd);
  }
};

let temporaryFiles = 0;

const writeAtomic = (path: string, bytes: Uint8Array | string): void => {
  temporaryFiles += 1;
  const temporary = `${path}.${String(process.pid)}-${String(temporaryFiles)}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(fd, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
};

/** The real disk. Throws what the system says (ENOSPC, EACCES, …). */
export const nodeDisk: Disk = {
  openAppend,
  readFile: (path) => readFileSync(path),
  exists: existsSync,
  writeAtomic,
  size: (path) => statSync(path).size,
  mode: (path) => statSync(path).mode & 0o777,
  makeFolder: (path) => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  },
  list: (path) => (existsSync(path) ? readdirSync(path) : []),
  remove: (path) => {
    rmSync(path, { force: true });
  },
};

const isCrashPoint = (word: string): word is CrashPoint => CRASH_POINTS.some((point) => point === word);

/**
 * Crash points from AGENTMESH_CRASH_AT, for tests only: "<point>:<n>" ends this process with SIGKILL when the point is
 * reached for the n-th time. Does nothing when unset.
 * @throws MeshError bad_request for an unknown point or count
 */
export const crashPoints = (spec: string | undefined): CrashPoints => {
  if (spec === undefined || spec === '') return { reach: () => undefined };
  const [, point = '', count = ''] = /^(.*):([1-9]\d{0,8})$/.exec(spec) ?? [];
  if (!isCrashPoint(point))
    throw new MeshError(
      'bad_request',
      `AGENTMESH_CRASH_AT is "${spec}"; it takes <point>:<n> with one of ${CRASH_POINTS.join(', ')}`,
    );
  let left = Number(count);
  return {
    reach(reached) {
      if (reached !== point) return;
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
};

/** Asking the system for 16 bytes costs more than making an id of them, so they are taken from a pool. */
const pool = new Uint8Array(16 * 256);
let poolUsed = pool.length;
const pooledRandom = (): Uint8Array => {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  poolUsed += 16;
  return pool.slice(poolUsed - 16, poolUsed);
};

/**
 * UUIDv7 that rise within a millisecond too (RFC 9562 6.2, method 1): uuid keeps no counter of its own once it is
 * given random bytes. The counter of 32 bits begins at a random place in its lower half, so that it never runs full.
 */
const risingIds = (): Ids => {
  let msecs = Number.NEGATIVE_INFINITY;
  let seq = 0;
  return {
    uuidv7() {
      const random = pooledRandom();
      const now = Date.now();
      if (now > msecs) {
        msecs = now;
        seq = new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1;
      } else seq += 1;
      return v7({ random, msecs, seq });
    },
  };
};

/** The real one. */
export const nodeLocalHttp: LocalHttp = {
  get: (socketPath, path, { host, limit, signal }) =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath, path, headers: { host }, agent: false, signal }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > limit) response.destroy(new Error(`the answer is over ${String(limit)} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      asked.on('error', reject);
      asked.end();
    }),
};

/** Everything that the engine needs from outside, for real. */
export const nodePorts = (log: Log, env: NodeJS.ProcessEnv): Ports => ({
  clock,
  ids: risingIds(),
  random: { bytes: (count) => randomBytes(count) },
  disk: nodeDisk,
  net: createNet({ clock }),
  log,
  crash: crashPoints(env['AGENTMESH_CRASH_AT']),
});
