// Secrets for an agent: read from files, from standard input or from the environment, never from the command line, where
// other users and the history of the shell could read them.
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { AgentEntry } from '#machines/nouns/agent';
import { UsageProblem } from '../render/problem.ts';
import { readAll } from './read-all.ts';

export interface SecretOptions {
  readonly tokenEnv: string | undefined;
  readonly tokenFile: string | undefined;
  readonly apiKeyFile: string | undefined;
  readonly apiKeyHeader: string | undefined;
  readonly headerFile: string | undefined;
}

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
}

/** The name that means standard input. */
const STDIN = '-';

const readSource = async (option: string, path: string, stdin: Readable): Promise<string> => {
  if (path === STDIN) {
    if ('isTTY' in stdin && stdin.isTTY === true)
      throw new UsageProblem(
        `${option} - reads standard input, which is this terminal: what you type would be shown`,
        `Pipe it in: your-password-tool | agentmesh agents add … ${option} -`,
      );
    return readAll(stdin);
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageProblem(
      `The file of ${option} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give the path of a file that you can read, or - for standard input.',
    );
  }
};

/** One secret: what the file holds without blanks and line ends around it. */
const oneOf = (option: string, path: string, text: string): string => {
  const secret = text.trim();
  if (secret === '')
    throw new UsageProblem(`${option} ${path} holds nothing`, 'Put the secret into it, alone on one line.');
  if (/[\r\n]/.test(secret))
    throw new UsageProblem(
      `${option} ${path} holds more than one line`,
      'Put the secret into it, alone on one line.',
    );
  return secret;
};

/** Headers: `Name: value` lines; empty lines and lines that begin with # say nothing. */
const headersOf = (path: string, text: string): Record<string, string> => {
  const lines = text
    .split(/\r?\n/)
    .map((line, at) => ({ line: line.trim(), number: at + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0)
    throw new UsageProblem(`--header-file ${path} holds no header`, 'Write one on each line: Name: value');
  return Object.fromEntries(
    lines.map(({ line, number }) => {
      const [, name, value] = /^([^\s:]+):\s*(\S.*)$/.exec(line) ?? [];
      // The line itself is not shown: it may be a secret.
      if (name === undefined || value === undefined)
        throw new UsageProblem(
          `Line ${String(number)} of --header-file ${path} is no header`,
          'Write one on each line: Name: value',
        );
      return [name, value];
    }),
  );
};

const fromEnvironment = (name: string, env: SecretSources['env']): string => {
  const token = env[name];
  if (token) return token;
  throw new UsageProblem(`The environment variable ${name} is empty`, 'Set it to the agent’s token.');
};

/** The secrets that the options name. Throws UsageProblem; no message ever holds a secret. */
export const readSecrets = async (
  options: SecretOptions,
  { env, stdin }: SecretSources,
): Promise<Pick<AgentEntry, 'token' | 'api_key' | 'headers'>> => {
  const { tokenEnv, tokenFile, apiKeyFile, apiKeyHeader, headerFile } = options;
  if (tokenEnv !== undefined && tokenFile !== undefined)
    throw new UsageProblem('--token-env and --token-file both give a token', 'Give one of them.');
  if ([tokenFile, apiKeyFile, headerFile].filter((path) => path === STDIN).length > 1)
    throw new UsageProblem('Standard input can be read once', 'Give - to one option only.');
  if (apiKeyHeader !== undefined && apiKeyFile === undefined)
    throw new UsageProblem('--api-key-header without a key', 'Give the key with --api-key-file.');
  const read = async (option: string, path: string | undefined): Promise<string | null> =>
    path === undefined ? null : await readSource(option, path, stdin);
  const token = await read('--token-file', tokenFile);
  const key = await read('--api-key-file', apiKeyFile);
  const headers = await read('--header-file', headerFile);
  const value = key === null ? '' : oneOf('--api-key-file', apiKeyFile ?? '', key);
  return {
    ...(tokenEnv === undefined ? {} : { token: fromEnvironment(tokenEnv, env) }),
    ...(token === null ? {} : { token: oneOf('--token-file', tokenFile ?? '', token) }),
    ...(key === null
      ? {}
      : { api_key: apiKeyHeader === undefined ? value : { value, header: apiKeyHeader } }),
    ...(headers === null ? {} : { headers: headersOf(headerFile ?? '', headers) }),
  };
};
