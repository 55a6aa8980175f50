// The thread that listens on the local link: mDNS and DNS-SD (RFC 6762, 6763) by bonjour-service, one socket an interface.
// In a thread of its own, so that whatever a packet does to the library ends this thread and not the daemon.
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import Bonjour from 'bonjour-service';
import {
  SERVICE_TYPES,
  TXT_KEYS,
  type Announcement,
  type Heard,
  type ThreadMessage,
  type ThreadOrder,
  type ThreadSettings,
} from './heard.ts';

type Service = Bonjour.Service;
type Browser = Bonjour.Browser;

/** Interfaces come and go: a laptop joins a network. */
const INTERFACES_MS = 5_000;
/** A host with a hundred bridges is asked on some of them only. */
const INTERFACES_MOST = 16;
/** Between two questions to the link when nobody asks (RFC 6762 5.2 allows one an hour at most often once settled). */
const QUESTION_MS = 60_000;
/** What is heard is told in one go. */
const TELL_MS = 100;
/** Services remembered an interface and type; more is a flood, and the browser begins anew. */
const SERVICES_MOST = 256;
/** Changes told within QUESTION_MS; more is a flood, and the rest is dropped until the next. */
const TOLD_MOST = 1_000;
const NAME_CHARS = 255;
/** Goodbyes get this long. */
const CLOSE_MS = 300;

const port = parentPort;
if (port === null) throw new Error('this is a thread of the daemon');
const settings = workerData as ThreadSettings;
const tell = (message: ThreadMessage): void => {
  port.postMessage(message);
};

interface Ear {
  readonly bonjour: Bonjour;
  browsers: Browser[];
}
const ears = new Map<string, Ear>();
const pending = new Map<string, Heard>();
/** What was told last, so that a repetition is none. */
const told = new Map<string, string>();
let toldLately = 0;
let announcer: Bonjour | null = null;

const hear = (type: Heard['type'], service: Service): void => {
  const { fqdn, host, port: at, referer } = service;
  const txt: Heard['txt'] = {};
  const given = service.txt as Readonly<Record<string, unknown>> | undefined;
  for (const key of TXT_KEYS) {
    const value = given?.[key];
    if (typeof value === 'string') txt[key] = value.slice(0, NAME_CHARS);
  }
  if (typeof fqdn !== 'string' || fqdn.length > NAME_CHARS || typeof host !== 'string') return;
  const heard = { type, fqdn, host: host.slice(0, NAME_CHARS), port: at, txt, from: referer?.address ?? '' };
  if (told.get(`${fqdn} ${heard.from}`) !== JSON.stringify(heard))
    pending.set(`${fqdn} ${heard.from}`, heard);
};

setInterval(() => {
  if (pending.size === 0) return;
  const services = [...pending].slice(0, Math.max(0, TOLD_MOST - toldLately));
  pending.clear();
  if (services.length === 0) return;
  toldLately += services.length;
  if (told.size > TOLD_MOST) told.clear();
  for (const [key, heard] of services) told.set(key, JSON.stringify(heard));
  tell({ type: 'heard', services: services.map(([, heard]) => heard) });
}, TELL_MS);

const browse = (bonjour: Bonjour): Browser[] =>
  SERVICE_TYPES.map((type) => {
    const browser = bonjour.find({ type });
    const take = (service: Service): void => {
      hear(type, service);
      if (browser.services.length > SERVICES_MOST) browser.stop();
    };
    // `down` is not listened to: anybody can say goodbye for another one. Who does not answer any more is lost.
    browser.on('up', take).on('txt-update', take).on('srv-update', take);
    return browser;
  });

/** Addresses whose socket is bound: nothing is heard before. */
const bound = new Set<string>();
const tellListening = (): void => {
  tell({ type: 'listening', addresses: [...bound] });
};

/** multicast-dns binds to the interface unless it is told otherwise, and then hears nothing on Linux. */
const opened = (address: string): Bonjour => {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const options: Record<string, unknown> = {
    socket,
    interface: address,
    bind: '0.0.0.0',
    port: settings.port,
  };
  const bonjour = new Bonjour(options, (error: Error) => {
    tell({ type: 'problem', message: `${address}: ${error.message}` });
  });
  // After the library's own listener, which joins the group.
  socket.once('listening', () => {
    bound.add(address);
    tellListening();
  });
  return bonjour;
};

const wanted = (): string[] =>
  [
    ...(settings.interfaces ??
      Object.values(networkInterfaces())
        .flatMap((each) => each ?? [])
        .filter(({ family }) => family === 'IPv4')
        .map(({ address }) => address)),
  ].slice(0, INTERFACES_MOST);

const followInterfaces = (): void => {
  const now = wanted();
  const gone = [...ears.keys()].filter((address) => !now.includes(address));
  const fresh = now.filter((address) => !ears.has(address));
  for (const address of gone) {
    ears.get(address)?.bonjour.destroy();
    ears.delete(address);
    bound.delete(address);
  }
  for (const address of fresh) {
    const bonjour = opened(address);
    ears.set(address, { bonjour, browsers: browse(bonjour) });
  }
  if (gone.length > 0) tellListening();
};

const ask = (): void => {
  for (const { browsers } of ears.values()) for (const browser of browsers) browser.update();
};

/** The library lists every address of the machine; we listen on one. */
const listOnly = (address: string): void => {
  const { prototype } = Bonjour.Service;
  const all: unknown = Reflect.get(prototype, 'records');
  if (typeof all !== 'function') return;
  prototype.records = function records(this: Service) {
    const listed = Reflect.apply(all, this, []) as ReturnType<Service['records']>;
    const others = listed.filter(({ type }) => type !== 'A' && type !== 'AAAA');
    return [...others, { name: this.host, type: 'A', ttl: 120, data: address }];
  };
};

const announce = ({ name, address, port: at, txt }: Announcement): void => {
  // A daemon listens in one place for all of its life.
  if (announcer !== null) return;
  listOnly(address);
  const bonjour = ears.get(address)?.bonjour ?? opened(address);
  // Without the library's probing: the name holds the id of our log, and a taken one would be written to the console.
  bonjour.publish({ name, type: 'a2a', port: at, txt, probe: false, disableIPv6: true });
  announcer = bonjour;
};

const close = (): void => {
  const end = (): void => {
    process.exit(0);
  };
  setTimeout(end, CLOSE_MS);
  if (announcer === null) end();
  else announcer.unpublishAll(end);
};

port.on('message', (order: ThreadOrder) => {
  if (order.type === 'look') ask();
  else if (order.type === 'announce') announce(order.announcement);
  else close();
});
followInterfaces();
setInterval(followInterfaces, INTERFACES_MS);
setInterval(() => {
  toldLately = 0;
  for (const [address, ear] of ears) {
    for (const browser of ear.browsers) browser.expire();
    if (ear.browsers.every(({ services }) => services.length <= SERVICES_MOST)) continue;
    for (const browser of ear.browsers) browser.stop();
    ears.set(address, { bonjour: ear.bonjour, browsers: browse(ear.bonjour) });
  }
  ask();
}, QUESTION_MS);
