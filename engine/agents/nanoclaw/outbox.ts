// Files that an agent sends: they lie in the session’s outbox until the host has delivered the message, about a second.
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '#machines/nouns/limits';
import type { OutcomeArtifact } from '../adapter.ts';

const MIME: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  webp: 'image/webp',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A link is not followed, and a pipe is not waited for. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens folder by folder, each inside the one before, so that no link which the container puts anywhere on the way leads
 * out of its session. Where the system has no /proc, a path that is what it seems to be must do.
 */
const openInside = (folder: string, parts: readonly string[]): number => {
  if (!existsSync('/proc/self/fd')) {
    const path = join(realpathSync(folder), ...parts);
    if (realpathSync(path) !== path) throw new Error('a link leads elsewhere');
    return openSync(path, FILE);
  }
  let at = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  for (const [index, part] of parts.entries()) {
    const before = at;
    try {
      at = openSync(`/proc/self/fd/${String(before)}/${part}`, index === parts.length - 1 ? FILE : DIRECTORY);
    } finally {
      closeSync(before);
    }
  }
  return at;
};

const readWhole = (folder: string, parts: readonly string[]): Buffer | 'gone' | 'too large' => {
  let file: number;
  try {
    file = openInside(folder, parts);
  } catch {
    return 'gone';
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) return 'gone';
    if (found.size > LIMITS.artifactBytes) return 'too large';
    const bytes = Buffer.alloc(found.size);
    let at = 0;
    for (let count = 1; at < bytes.length && count > 0; at += count)
      count = readSync(file, bytes, at, bytes.length - at, at);
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
};

const decode = (bytes: Buffer): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** How deep brackets stand in each other: what is too deep for others is text to us. */
const depthOf = (json: string): number => {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (isInString) {
      if (char === '\\') at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1));
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
};

const parsed = (text: string): { readonly data: unknown } | null => {
  if (depthOf(text) > LIMITS.jsonDepth) return null;
  try {
    return { data: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
};

/** A file that an agent sent, or in words why it cannot be had. */
export const readFromOutbox = (folder: string, rowId: string, name: string): OutcomeArtifact | string => {
  // Row ids are the container’s own words.
  if (!/^[\w-]{1,200}$/.test(rowId)) return `The agent sent ${name} under an id that is no name of a folder`;
  const bytes = readWhole(folder, ['outbox', rowId, name]);
  if (bytes === 'gone') return `The agent sent ${name}, but NanoClaw had put it away before it was read`;
  if (bytes === 'too large') return `The agent sent ${name}, which is too large to be kept`;
  const mime = MIME[name.replace(/^.*\./, '').toLowerCase()];
  const told = { name, ...(mime === undefined ? {} : { mime }) };
  const text = decode(bytes);
  if (text === null) return { name, files: [{ ...told, base64: bytes.toString('base64') }] };
  const json = mime === 'application/json' ? parsed(text) : null;
  return json === null ? { ...told, text } : { ...told, data: json.data };
};
