// A disk that is soon full, under a folder of a test: a small tmpfs where the system lets us mount one, else a limit on the
// size of the daemon's files, which fails writes in much the same way.
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  /** How it is made small, for the record of the test. */
  readonly by: 'a tmpfs' | 'a limit on the size of files';
  /** The codes with which writes may be refused. */
  readonly codes: readonly string[];
  /** Leaves little room to the process that writes. */
  fill(pid: number): void;
  makeRoom(pid: number): void;
  /** Takes the disk away. Nothing may use it any more. */
  remove(): void;
}

const SIZE_MIB = 8;
const ROOM_MIB = 4;

/** Limits the files of a process; only the soft limit, so that it can be taken back. */
const limit = (pid: number, bytes: string): void => {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
};

/** Makes the existing, empty folder a small disk. */
export const smallDisk = (folder: string): SmallDisk => {
  const how = ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=700`, 'tmpfs', folder];
  if (spawnSync('mount', how).status !== 0)
    return {
      by: 'a limit on the size of files',
      codes: ['disk_full', 'storage_failed'],
      fill: (pid) => limit(pid, String(ROOM_MIB << 20)),
      makeRoom: (pid) => limit(pid, 'unlimited'),
      remove: () => undefined,
    };
  const ballast = join(folder, 'ballast');
  return {
    by: 'a tmpfs',
    codes: ['disk_full'],
    fill: () => writeFileSync(ballast, Buffer.alloc((SIZE_MIB - ROOM_MIB) << 20)),
    makeRoom: () => rmSync(ballast),
    remove: () => {
      const { status, stderr } = spawnSync('umount', [folder], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`umount: ${stderr}`);
    },
  };
};
