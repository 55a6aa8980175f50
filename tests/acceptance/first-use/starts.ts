// Where newcomers start from: each a different machine, each with what its errors must say for the hour to go on.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILES } from '#machines/nouns/data-folder';
import { travel, type Hint, type Journey, type Outcome } from './journey.ts';
import { Newcomer, ROOT } from './newcomer.ts';
import { holdPort, unusedPort } from './ports.ts';

export interface Start {
  readonly name: string;
  /** What is special about this machine. */
  readonly about: string;
  readonly homeName?: string;
  /** Makes the machine so. OpenClaw and NanoClaw run unless it says otherwise. */
  readonly prepare?: (who: Newcomer) => Promise<void> | void;
  readonly openclaw?: 'running' | 'not here';
  readonly nanoclaw?: 'running' | 'not here';
  readonly journey?: Partial<Journey>;
  /** Runs in a network namespace of its own, with nothing but the loopback interface. */
  readonly isOffline?: true;
  /** Minutes of work before the first command, such as a clone and its packages. */
  readonly isSlow?: true;
}

const hint = (words: RegExp, then: Hint['then']): Journey => ({ hints: [{ words, then }] });

const startOpenclaw = async (who: Newcomer): Promise<readonly string[]> => {
  await who.startOpenclaw();
  return [];
};

/** Kills the daemon as a power cut would, supervisor and worker. */
const killDaemon = (who: Newcomer): Promise<void> => {
  const info = JSON.parse(readFileSync(join(who.home, '.agentmesh', FILES.info), 'utf8')) as {
    readonly pid: number;
    readonly worker_pid: number;
  };
  process.kill(info.pid, 'SIGKILL');
  process.kill(info.worker_pid, 'SIGKILL');
  return Promise.resolve();
};

const legacyLog = join(ROOT, 'engine', 'events', 'fixtures', 'legacy-events.jsonl');

export const STARTS: readonly Start[] = [
  { name: 'clean', about: 'nothing of ours is there yet, the system has Node 20 only' },
  {
    name: 'fresh clone',
    about: 'a clone without packages; the first command of the README installs them',
    isSlow: true,
    prepare: async (who) => {
      who.checkout = join(who.folder, 'agentmesh');
      await who.run(['git'], ['clone', '--quiet', ROOT, who.checkout]);
      const done = await who.run(['npm'], ['run', 'demo', '--silent'], who.checkout);
      if (done.code !== 0) throw new Error(`npm run demo ended with ${String(done.code)}: ${done.stderr}`);
    },
  },
  {
    name: 'port taken',
    about: 'another program listens on the port',
    prepare: async (who) => {
      who.onLeaving(await holdPort(Number(who.env['AGENTMESH_PORT']), { hello: 'world' }));
    },
    journey: hint(/--port/, async (who) => {
      who.env['AGENTMESH_PORT'] = String(await unusedPort());
      return [];
    }),
  },
  {
    name: 'OpenClaw down',
    about: 'OpenClaw is installed, its gateway does not run',
    openclaw: 'not here',
    prepare: (who) => who.installOpenclaw(),
    journey: hint(/openclaw gateway/i, startOpenclaw),
  },
  {
    name: 'wrong token',
    about: 'the token in OpenClaw’s configuration is not the one its gateway was started with',
    openclaw: 'not here',
    prepare: async (who) => {
      await who.installOpenclaw({ token: 'an-older-token' });
      await who.startOpenclaw();
    },
    journey: hint(/token/i, (who) => {
      who.correctOpenclawToken();
      return [];
    }),
  },
  {
    name: 'no OpenClaw',
    about: 'there is no OpenClaw on this machine',
    openclaw: 'not here',
    journey: hint(/npm install|install OpenClaw|not found|PATH/i, null),
  },
  {
    name: 'old OpenClaw',
    about: 'the OpenClaw on this machine is older than its gateway protocol 4',
    openclaw: 'not here',
    prepare: async (who) => {
      await who.installOpenclaw({ version: '2025.11.3' });
      await who.startOpenclaw();
    },
    journey: hint(/2026\.9/, null),
  },
  {
    name: 'older daemon',
    about: 'the daemon of the earlier tools holds the port',
    prepare: async (who) => {
      const letGo = await holdPort(Number(who.env['AGENTMESH_PORT']), { status: 'ok', version: '0.3.0' });
      who.onLeaving(letGo);
    },
    journey: hint(/earlier|older/i, async (who) => {
      who.env['AGENTMESH_PORT'] = String(await unusedPort());
      return [];
    }),
  },
  {
    name: 'Chinese locale',
    about: 'LANG and LC_ALL are zh_CN.UTF-8',
    prepare: (who) => {
      Object.assign(who.env, { LANG: 'zh_CN.UTF-8', LC_ALL: 'zh_CN.UTF-8', LANGUAGE: 'zh_CN:zh' });
    },
  },
  { name: 'no network', about: 'only the loopback interface is up', isOffline: true },
  {
    name: 'stale PID',
    about: 'a killed daemon has left its PID file and its address',
    prepare: (who) => {
      const data = join(who.home, '.agentmesh');
      mkdirSync(data, { mode: 0o700 });
      writeFileSync(join(data, FILES.pid), '1048575\n', { mode: 0o600 });
    },
  },
  {
    name: 'read-only folder',
    about: 'the data folder cannot be written',
    prepare: (who) => {
      who.env['AGENTMESH_DATA_DIR'] = '/proc/agentmesh';
    },
    journey: hint(/data folder|data-dir/i, (who) => {
      Reflect.deleteProperty(who.env, 'AGENTMESH_DATA_DIR');
      return [];
    }),
  },
  {
    name: 'two NanoClaws',
    about: 'two installations of NanoClaw in the home',
    prepare: (who) => who.startNanoclaw(join(who.home, 'nanoclaw-work')),
    journey: hint(/--dir/, (who) => ['--dir', who.nanoclawDir]),
  },
  {
    name: 'NanoClaw down',
    about: 'NanoClaw is installed, its host does not run',
    nanoclaw: 'not here',
    prepare: (who) => who.leaveNanoclawDown(),
    journey: hint(/start/i, async (who) => {
      await who.startNanoclaw();
      return [];
    }),
  },
  { name: 'blanks in the home', about: 'a home with blanks and other letters', homeName: 'Jörg Müller 王' },
  {
    name: 'deep home',
    about: 'a home so deep that no socket fits below it',
    homeName: Array.from({ length: 8 }, (_, at) => `a-rather-long-folder-${String(at)}`).join('/'),
    nanoclaw: 'not here',
    // NanoClaw has sockets of its own: it lives where they fit.
    prepare: async (who) => {
      who.env['NANOCLAW_DIR'] = join(who.folder, 'nanoclaw');
      await who.startNanoclaw(who.env['NANOCLAW_DIR']);
    },
    journey: hint(/XDG_RUNTIME_DIR/, async (who) => {
      await who.cli('down');
      who.env['XDG_RUNTIME_DIR'] = who.folder;
      await who.cli('up');
      return [];
    }),
  },
  {
    name: 'proxy',
    about: 'a proxy is set that does not answer',
    prepare: (who) => {
      for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY'])
        who.env[name] = 'http://127.0.0.1:9';
    },
  },
  {
    name: 'no colours',
    about: 'a dumb terminal, NO_COLOR and CI are set',
    prepare: (who) => {
      Object.assign(who.env, { NO_COLOR: '1', TERM: 'dumb', CI: 'true' });
    },
  },
  {
    name: 'no runtime folder',
    about: 'XDG_RUNTIME_DIR names a folder that is not there',
    prepare: (who) => {
      who.env['XDG_RUNTIME_DIR'] = '/run/user/none';
    },
  },
  {
    name: 'killed daemon',
    about: 'the daemon is killed between two commands',
    journey: {
      before: { run: killDaemon },
      ...hint(/agentmesh up/, async (who) => {
        await who.cli('up');
        return [];
      }),
    },
  },
  {
    name: 'earlier tools',
    about: 'the data folder holds the log of the earlier tools',
    prepare: (who) => {
      const data = join(who.home, '.agentmesh');
      mkdirSync(data);
      cpSync(legacyLog, join(data, FILES.events));
    },
  },
  {
    name: 'already done',
    about: 'everything is installed a second time',
    prepare: async (who) => {
      await who.cli('up');
      await who.cli('openclaw', 'install', '--yes');
      await who.cli('nanoclaw', 'install', '--yes');
    },
  },
];

/** Lets a newcomer start there. */
export const begin = async (start: Start): Promise<Outcome & { readonly seconds: number }> => {
  const began = performance.now();
  const who = await Newcomer.open(start.homeName);
  try {
    if (start.openclaw !== 'not here') {
      await who.installOpenclaw();
      await who.startOpenclaw();
    }
    if (start.nanoclaw !== 'not here') await who.startNanoclaw();
    await start.prepare?.(who);
    const outcome = await travel(who, { hints: [], ...start.journey });
    return { ...outcome, seconds: (performance.now() - began) / 1_000 };
  } finally {
    await who.leave();
  }
};
