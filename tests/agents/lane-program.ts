// The real programs of the lanes, each in a folder of its own and never a dependency of the product.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** npm package with its exact version, and the program in it. */
const PROGRAMS = {
  openclaw: { spec: 'openclaw@2026.9.6', bin: 'openclaw' },
  opencode: { spec: 'opencode-ai@1.18.33', bin: 'opencode' },
  claude: { spec: '@anthropic-ai/claude-code@2.1.197', bin: 'claude' },
  codex: { spec: '@openai/codex@0.169.0', bin: 'codex' },
} as const;
export type ProgramName = keyof typeof PROGRAMS;
/** Those that are started for each run, as agents by a command line. */
export type CommandName = Exclude<ProgramName, 'openclaw'>;

/**
 * The path of a program, installed when it is not there: below AGENTMESH_LANES, or .cache/lanes of the checkout. Throws
 * when npm cannot install it.
 */
export const laneProgram = (name: ProgramName): string => {
  const { spec, bin } = PROGRAMS[name];
  const folder = join(process.env['AGENTMESH_LANES'] ?? join(ROOT, '.cache', 'lanes'), name);
  const path = join(folder, 'node_modules', '.bin', bin);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', spec],
    { encoding: 'utf8' },
  );
  if (status !== 0 || !existsSync(path)) throw new Error(`npm install ${spec} failed: ${stderr}`);
  return path;
};
