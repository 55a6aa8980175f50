// The program `openclaw` as its installer meets it, for tests: --version, config patch --stdin, agents list, devices remove. Like the
// real one it writes plain JSON over JSON5, without its comments, and keeps a .bak.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import JSON5 from 'json5';

type Json = Record<string, unknown>;
const file =
  process.env['OPENCLAW_CONFIG_PATH'] ?? join(process.env['OPENCLAW_STATE_DIR'] ?? '', 'openclaw.json');
const args = process.argv.slice(2);

const merged = (base: Json, change: Json): Json => {
  const result: Json = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else if (typeof value === 'object' && !Array.isArray(value))
      result[key] = merged((result[key] ?? {}) as Json, value as Json);
    else result[key] = value;
  }
  return result;
};

const command = args.slice(0, 2).join(' ');
if (args[0] === '--version')
  process.stdout.write(`OpenClaw ${process.env['OPENCLAW_TEST_VERSION'] ?? '2026.9.6'} (eb377ac)\n`);
else if (command === 'config patch') {
  const before = readFileSync(file, 'utf8');
  const change = JSON5.parse<Json>(await text(process.stdin));
  const after = merged(JSON5.parse(before), {
    ...change,
    meta: { lastTouchedVersion: '2026.9.6' },
  });
  if (!args.includes('--dry-run')) {
    copyFileSync(file, `${file}.bak`);
    writeFileSync(file, `${JSON.stringify(after, null, 2)}\n`, { mode: 0o600 });
  }
} else if (command === 'agents list') {
  process.stdout.write(JSON.stringify([{ id: 'main', isDefault: true }, { id: 'work' }], null, 2));
} else if (command === 'devices remove') {
  const { gateway } = JSON5.parse<{ gateway: { port: number } }>(readFileSync(file, 'utf8'));
  await fetch(`http://127.0.0.1:${String(gateway.port)}/test/revoke`, { method: 'POST' });
} else {
  process.stderr.write(`unknown command ${args.join(' ')}\n`);
  process.exitCode = 1;
}
