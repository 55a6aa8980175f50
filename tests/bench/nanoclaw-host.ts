// A NanoClaw host as the adapter’s tests play it, in a process of its own: `bench:agents` shares no event loop with it.
// argv: a folder, the host’s version. Prints a line when it listens and is wired; ends when its stdin closes.
import { FakeHost } from '#engine/agents/nanoclaw/nanoclaw.testhost';
import { wire } from '#engine/agents/nanoclaw/nanoclaw.testkit';
import type { HostVersion } from '#engine/agents/nanoclaw/nanoclaw.testschema';

const [dir = '', version = '2.4.0'] = process.argv.slice(2);
const host = await FakeHost.start(dir, { version: version as HostVersion });
await wire(host, 'main');
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.once('end', () => {
  void host.stop();
});
