// How agents are called, and how we know one again: names are cleaned and unique, addresses are the identity.
import type { AgentEntry, Skill } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';

/** Control and format characters: they move the cursor, hide text or turn it round. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029]+/gu;

/** Text of others, fit to be shown: no control characters, at most `limit` characters. */
export const cleanText = (text: string, limit: number = LIMITS.descriptionChars): string =>
  [...text.replace(UNSEEN, ' ').trim()].slice(0, limit).join('');

/** A name out of what a card says; null when nothing of it can be a name. */
export const cleanName = (text: string, limit: number = LIMITS.nameChars): string | null => {
  const name = cleanText(text.normalize('NFC'), LIMITS.descriptionChars)
    .replace(/[^\p{L}\p{N} ._:@/-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    // The pattern of names counts UTF-16 units.
    .slice(0, limit)
    .replace(/[^\p{L}\p{N}]+$/u, '');
  return name === '' ? null : name;
};

/** A URL as it is compared and shown: without credentials, fragment and slashes at its end. */
const plainUrl = (text: string): string => {
  const url = new URL(text);
  url.hash = '';
  url.username = '';
  url.password = '';
  return url.href.replace(/\/+$/, '');
};

/**
 * What makes an agent the same agent: its URL, its command and working folder, or its installation. Behind one address
 * there may be agents of several kinds, and several of one kind, told apart by the setting `agent`.
 */
export const addressOf = (entry: AgentEntry): string => {
  const place =
    entry.url !== undefined
      ? plainUrl(entry.url)
      : entry.dir !== undefined
        ? entry.dir.replace(/(.)\/+$/, '$1')
        : JSON.stringify([entry.command ?? [], entry.cwd ?? null]);
  const usual = entry.url !== undefined ? 'a2a' : 'command';
  const more = [
    entry.kind === undefined || entry.kind === usual ? null : entry.kind,
    entry.settings?.['agent'] ?? null,
  ];
  return more.every((part) => part === null) ? place : JSON.stringify([place, ...more]);
};

/** The address as it is shown: a URL, a folder, or a command line (quoted where it must be). */
export const endpointOf = (entry: AgentEntry): string =>
  entry.url !== undefined
    ? plainUrl(entry.url)
    : (entry.dir ??
      (entry.command ?? [])
        .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
        .join(' '));

/** Where an agent is, in a few characters: `host:port`, or the name of the program or folder. */
const placeOf = (entry: AgentEntry): string => {
  if (entry.url === undefined)
    return (entry.dir ?? entry.command?.[0] ?? '').replace(/\/+$/, '').replace(/^.*\//, '');
  const { hostname, port, protocol } = new URL(entry.url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
};

/** The name before anything better is known. */
export const provisionalName = (entry: AgentEntry): string =>
  entry.name ?? cleanName(placeOf(entry)) ?? 'agent';

/** `wanted`, or `wanted@host:port` when another agent has that name, numbered when that is taken too. */
export const freeName = (wanted: string, entry: AgentEntry, isTaken: (name: string) => boolean): string => {
  if (!isTaken(wanted)) return wanted;
  for (let count = 1; ; count += 1) {
    const suffix = `@${cleanName(placeOf(entry)) ?? 'agent'}${count === 1 ? '' : `-${count}`}`.slice(0, 40);
    const stem = cleanName(wanted, LIMITS.nameChars - suffix.length) ?? 'agent';
    if (!isTaken(stem + suffix)) return stem + suffix;
  }
};

/** Skills of an entry and of a card together; the entry’s own come first and win. */
export const mergeSkills = (entry: AgentEntry, found: readonly Skill[]): Skill[] => {
  const own = (entry.skills ?? []).map((skill) =>
    typeof skill === 'string' ? { id: skill, name: skill, description: '', tags: [] } : skill,
  );
  const byId = new Map<string, Skill>();
  for (const { id, name, description, tags } of [...own, ...found]) {
    const key = cleanText(id, LIMITS.nameChars);
    if (key === '' || byId.has(key) || byId.size >= LIMITS.skillsPerAgent) continue;
    byId.set(key, {
      id: key,
      name: cleanText(name, LIMITS.nameChars),
      description: cleanText(description),
      tags: tags.slice(0, 50).map((tag) => cleanText(tag, LIMITS.nameChars)),
    });
  }
  return [...byId.values()];
};
