// Where the Redis of the queues is: read from its URL and checked. Its password is for the connection alone.
import { isIPv4 } from 'node:net';
import { MeshError } from '#machines/nouns/error-codes';

/** What a connection needs, in the words of the client library. */
export interface RedisOptions {
  readonly host?: string;
  readonly port?: number;
  /** A Unix socket, instead of host and port. */
  readonly path?: string;
  readonly user?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: { readonly servername: string };
}

export interface RedisAddress {
  readonly options: RedisOptions;
  /** For people and logs: without user and password. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;
const FORM = 'takes redis://[user:password@]host[:port][/db], rediss:// for TLS, or unix:/path/of/a.sock';

/** 127.0.0.0/8 (RFC 1122 3.2.1.3), ::1 (RFC 4291 2.5.3), localhost (RFC 6761 6.3). */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const numberOf = (word: string): number | null => (/^\d{1,5}$/.test(word) ? Number(word) : null);

const decoded = (word: string): string | null => {
  try {
    return decodeURIComponent(word);
  } catch {
    return null;
  }
};

/**
 * Reads the URL of a Redis. None of the errors repeats the URL: it may hold a password.
 * @param text redis:, rediss: (TLS) or unix:
 * @param name what to call it in an error: the flag or the key that gave it
 * @throws MeshError bad_request when it is malformed, or names another machine without a password
 */
export const readRedisUrl = (text: string, name: string): RedisAddress => {
  const refuse = (why: string): MeshError => new MeshError('bad_request', `${name} ${why}`);
  if (!URL.canParse(text)) throw refuse(FORM);
  const url = new URL(text);
  if (url.search !== '' || url.hash !== '') throw refuse(`${FORM}; nothing follows the database`);
  if (url.protocol === 'unix:') {
    const path = decoded(url.pathname);
    if (url.host !== '' || path === null || path.length < 2) throw refuse(FORM);
    return { options: { path }, shown: `unix:${path}` };
  }
  const isTls = url.protocol === 'rediss:';
  if (!isTls && url.protocol !== 'redis:') throw refuse(FORM);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const [user, password] = [decoded(url.username), decoded(url.password)];
  const port = url.port === '' ? DEFAULT_PORT : numberOf(url.port);
  const db = url.pathname === '' || url.pathname === '/' ? 0 : numberOf(url.pathname.slice(1));
  if (host === '' || user === null || password === null || port === null || db === null) throw refuse(FORM);
  if (password === '' && !isLoopback(host))
    throw refuse(
      `names ${host}, which is not this machine, without a password: whoever reaches that Redis could read and hold up every job. Give it one (requirepass or an ACL user), and the URL with it in AGENTMESH_REDIS_URL or config.json`,
    );
  const authority = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  return {
    options: {
      host,
      port,
      db,
      ...(user === '' ? {} : { user }),
      ...(password === '' ? {} : { password }),
      ...(isTls ? { tls: { servername: host } } : {}),
    },
    shown: `${url.protocol}//${authority}${db === 0 ? '' : `/${String(db)}`}`,
  };
};
