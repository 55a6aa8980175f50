// What can show an acceptance line, and how it is run: tests by file and name, a command with a bar, a look at the tree.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type Proof =
  | {
      readonly kind: 'tests';
      /** From the top of the checkout. */
      readonly file: string;
      /** Those that show the line; all of the file when there are none. */
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'command';
      readonly label: string;
      /** Run by this Node, at the top of the checkout. */
      readonly argv: readonly string[];
      /** Whether what it printed is good enough. */
      readonly holds: (stdout: string) => boolean;
    }
  | { readonly kind: 'check'; readonly label: string; readonly holds: () => boolean };

export interface Verdict {
  readonly green: boolean;
  /** What went wrong; empty when green. */
  readonly why: string;
}

const GREEN: Verdict = { green: true, why: '' };
const red = (why: string): Verdict => ({ green: false, why });

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const runNode = (argv: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });

/** Name of each test -> whether it passed, read from TAP 14 as node:test writes it; a name twice must pass twice. */
export const readTap = (tap: string): ReadonlyMap<string, boolean> => {
  const results = new Map<string, boolean>();
  for (const [, word, escaped = ''] of tap.matchAll(/^ *(ok|not ok) \d+ - (.*?)(?: # .*)?$/gm)) {
    const name = escaped.replace(/\\([\\#])/g, '$1');
    results.set(name, word === 'ok' && results.get(name) !== false);
  }
  return results;
};

/** What a file's run says of the tests that were asked for. */
export const judgeTests = (names: readonly string[], code: number | null, tap: string): Verdict => {
  const results = readTap(tap);
  if (!/^# pass [1-9]/m.test(tap)) return red('no test ran and passed');
  const failed = [...results].filter(([, passed]) => !passed).map(([name]) => name);
  if (names.length === 0) return code === 0 ? GREEN : red(failed.join('; ') || `exit code ${String(code)}`);
  const bad = names.filter((name) => results.get(name) !== true);
  return bad.length === 0 ? GREEN : red(bad.join('; '));
};

/** Runs proofs, each file and command once however many lines it shows. */
export const createProver = (): ((proof: Proof) => Promise<Verdict>) => {
  const ran = new Map<string, Promise<Ended>>();
  const once = (argv: readonly string[]): Promise<Ended> => {
    const key = argv.join(' ');
    const known = ran.get(key) ?? runNode(argv);
    ran.set(key, known);
    return known;
  };
  return async (proof) => {
    if (proof.kind === 'check') return proof.holds() ? GREEN : red('it is not so');
    if (proof.kind === 'tests') {
      const { code, stdout } = await once(['--test', '--test-reporter=tap', proof.file]);
      return judgeTests(proof.names, code, stdout);
    }
    const { code, stdout, stderr } = await once(proof.argv);
    if (code !== 0) return red(`exit code ${String(code)}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    return proof.holds(stdout) ? GREEN : red('below the bar');
  };
};

/** A proof in words. */
export const proofName = (proof: Proof): string => (proof.kind === 'tests' ? proof.file : proof.label);

/** Whether the CI workflow is started by a push. */
export const isOnPush = (): boolean => {
  const workflow = parse(readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8')) as {
    readonly on?: Readonly<Record<string, unknown>>;
  };
  return workflow.on !== undefined && 'push' in workflow.on;
};

const MEAN_LIMIT_MS = 2_000;

/** Whether each line of bench:cli reports a mean under two seconds. */
export const isFast = (stdout: string): boolean => {
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly mean_ms?: number });
  return lines.length > 3 && lines.every(({ mean_ms: mean }) => mean !== undefined && mean < MEAN_LIMIT_MS);
};
