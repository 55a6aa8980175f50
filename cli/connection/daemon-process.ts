// Starts and stops the daemon by its own command, agentmeshd, as a user would.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const AGENTMESHD = fileURLToPath(new URL('../bin/agentmeshd.js', import.meta.url));

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `agentmeshd <args>` to its end and answers what it said. */
export const agentmeshd = (args: readonly string[]): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [AGENTMESHD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    // `exit`, not `close`: the daemon in the background may keep the pipes open.
    child.on('exit', (code) => {
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code: code ?? 1, stdout, stderr });
      });
    });
  });

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `agentmeshd <args>` in our place: our streams are its streams, our signals its signals, its exit code is answered. */
export const runAgentmeshd = (args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [AGENTMESHD, ...args], { stdio: 'inherit' });
    // A terminal's Ctrl-C reaches the child by itself too; it takes signals that come together as one.
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, forward);
    child.on('error', reject);
    child.on('exit', (code) => {
      for (const signal of SIGNALS) process.off(signal, forward);
      resolve(code ?? 1);
    });
  });
