// The supervisor of a daemon in the background: tells who started it how that went, then belongs to nobody.
import type { StartFlags } from './messages.ts';
import { restartRules } from './start.ts';
import { supervise } from './supervisor.ts';

process.title = 'agentmeshd';
// It must not keep the folder that it was started in from being unmounted.
process.chdir('/');

const order = JSON.parse(process.argv[2] ?? '') as {
  readonly flags: StartFlags;
  readonly workerFile: string;
};

process.exitCode = await supervise({
  workerFile: order.workerFile,
  order: { flags: order.flags, readable: false, colour: false },
  env: process.env,
  output: () => undefined,
  report: (report) => {
    if (process.send === undefined || !process.connected) return;
    process.send(report, undefined, undefined, () => {
      if (process.connected) process.disconnect();
    });
  },
  ...restartRules(process.env),
});
