// The kill runs against another build: as a process of its own in that build's folder, so that daemon, agents and checks
// are those of the build.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A seed and a count with which a build that lacks the savepoint or the catching up at boot is noticed in a minute. */
const ARGUMENTS = ['--seed', '8', '--hits', '3', '--only', 'aimed,stale'];
/** A build on which the kill runs do not come to an end is a broken one. */
const PATIENCE_MS = 300_000;
/** More lines than these tell nothing more. */
const SHOWN = 5;

/** What the kill runs find wrong with the build in `folder`; nothing when they pass. */
export const killRuns = (folder: string): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const scratch = join(folder, 'scratch');
    mkdirSync(scratch, { recursive: true });
    // A process group of its own, so that one that hangs is ended with its daemons and agents.
    const child = spawn(process.execPath, [join('tests', 'reliability', 'main.ts'), ...ARGUMENTS], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: scratch, NODE_TEST_CONTEXT: undefined },
    });
    let stdout = '';
    let stderr = '';
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, PATIENCE_MS);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(late);
      const found = stdout.split('\n').filter((line) => /^(aimed|stale): /.test(line));
      if (isLate) found.push('the kill runs did not come to an end');
      // Kills after which the checks themselves cannot go on: the run says what it waited for.
      else if (code !== 0 && found.length === 0)
        found.push(/^\s*(\w*Error: .*)$/m.exec(stderr)?.[1] ?? `exit ${String(code)}`);
      resolve(found.slice(0, SHOWN));
    });
  });
