// The real programs of the lanes, each in a folder of its own and never a dependency of the product.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';

const ROOT = join(import.meta.dirname, '..', '..');

/** npm package with its exact version, and the program in it. */
export const PROGRAMS = {
  openclaw: { pkg: 'openclaw', version: '2026.9.6', bin: 'openclaw' },
  opencode: { pkg: 'opencode-ai', version: '1.18.33', bin: 'opencode' },
  claude: { pkg: '@anthropic-ai/claude-code', version: '2.1.197', bin: 'claude' },
  codex: { pkg: '@openai/codex', version: '0.169.0', bin: 'codex' },
  gemini: { pkg: '@google/gemini-cli-a2a-server', version: '0.25.2', bin: 'gemini-cli-a2a-server' },
} as const;
export type ProgramName = keyof typeof PROGRAMS;
/** Those that are started for each run, as agents by a command line. */
export const COMMAND_NAMES = ['opencode', 'claude', 'codex'] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** Who waits for hundreds of megabytes wants to see that something still happens. */
const STILL_THERE_MS = 10_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The version that npm has put there whole: it writes this list of its own last. */
const installedVersion = (folder: string, pkg: string): string | null => {
  const list = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(list)) return null;
  const { packages } = JSON.parse(readFileSync(list, 'utf8')) as {
    packages: Record<string, { version?: string } | undefined>;
  };
  return packages[`node_modules/${pkg}`]?.version ?? null;
};

/**
 * The path of a program, installed when it is not there in its pinned version: below AGENTMESH_LANES, or .cache/lanes of
 * the checkout. Says on stderr what it does. Throws what npm said when npm cannot install it.
 */
export const laneProgram = async (name: ProgramName): Promise<string> => {
  const { pkg, version, bin } = PROGRAMS[name];
  const folder = join(process.env['AGENTMESH_LANES'] ?? join(ROOT, '.cache', 'lanes'), name);
  const path = join(folder, 'node_modules', '.bin', bin);
  if (existsSync(path) && installedVersion(folder, pkg) === version) return path;
  mkdirSync(folder, { recursive: true });
  const spec = `${pkg}@${version}`;
  const start = Date.now();
  const seconds = (): string => `${String(Math.round((Date.now() - start) / 1_000))} s`;
  say(`Installing ${spec} from npm into ${folder}`);
  const still = setInterval(() => say(`  ${spec}: ${seconds()}, still installing`), STILL_THERE_MS);
  const npm = spawn(
    'npm',
    ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', '--no-progress', spec],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const [[status], problems] = await Promise.all([
    once(npm, 'close') as Promise<[number | null]>,
    text(npm.stderr),
  ]).finally(() => clearInterval(still));
  if (status !== 0 || installedVersion(folder, pkg) !== version || !existsSync(path))
    throw new Error(`npm install ${spec} failed (${String(status)}): ${problems}`);
  say(`  ${spec}: installed in ${seconds()}`);
  return path;
};
