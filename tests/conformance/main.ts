// npm run test:conformance: the official kit (a2aproject/a2a-tck) against a daemon, on both transports. A2A_TCK_DIR names a
// checkout of it with its Python packages in .venv or venv. Prints what failed, why tests were skipped, and `N passed, N failed`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openKitMesh } from './kit-mesh.ts';

const TRANSPORTS = 'jsonrpc,http_json';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const dir = process.env['A2A_TCK_DIR'] ?? '';
if (!existsSync(join(dir, 'tests', 'compatibility'))) {
  process.stderr.write(
    'A2A_TCK_DIR must name a checkout of github.com/a2aproject/a2a-tck, branch 1.0-dev (docs/a2a.md tells how)\n',
  );
  process.exit(2);
}
const python =
  [join(dir, '.venv', 'bin', 'python'), join(dir, 'venv', 'bin', 'python')].find(existsSync) ?? 'python3';

await using kit = await openKitMesh();
const args = ['-m', 'pytest', 'tests/compatibility', `--sut-host=${kit.url}`, `--transport=${TRANSPORTS}`];
const child = spawn(python, [...args, '-q', '-rsx', '--tb=line', '-p', 'no:cacheprovider'], {
  cwd: dir,
  env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(child, 'close');
let summary = '';
for await (const line of createInterface({ input: child.stdout })) {
  if (/^(?:FAILED|ERROR|SKIPPED|XFAIL|E {2})/.test(line)) say(line);
  if (/\b\d+ (?:passed|failed|errors?|skipped)\b.* in [\d.]+s/.test(line)) summary = line;
}
await exited;

const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0);
const passed = count('passed');
const failed = count('failed') + count('error');
say(summary);
say(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
