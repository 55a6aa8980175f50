// The log: secrets stay out, files turn, terminals are safe, and a full disk ends nothing.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLog } from './log.ts';
import { readable } from './readable-line.ts';

const withFile = (work: (file: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-log-'));
  try {
    work(join(folder, 'agentmeshd.log'));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('tokens never reach the file, nor the people', () => {
  withFile((file) => {
    let seen = '';
    const log = openLog(file, 'info', { write: (text) => (seen += text), colour: false });
    const secret = 's3cr3t-s3cr3t';
    log.logger.info(
      { token: secret, agent: { token: secret, headers: { authorization: `Bearer ${secret}` } } },
      'one',
    );
    log.logger.error(`refused: authorization: bearer ${secret}`);
    log.logger.error({ err: new Error(`header Basic ${secret}==`) }, 'two');
    log.close();
    const text = readFileSync(file, 'utf8');
    assert.equal(text.includes(secret) || seen.includes(secret), false, text + seen);
    assert.equal(text.trim().split('\n').length, 3);
    assert.match(seen, /one.*\[redacted\]/);
  });
});

test('a large file is turned at the start, and three old ones are kept', () => {
  withFile((file) => {
    for (const round of [1, 2, 3, 4, 5]) {
      writeFileSync(file, `round ${String(round)}\n`, { flag: 'a' });
      truncateSync(file, 9 * 1024 * 1024);
      const log = openLog(file, 'info', null);
      log.logger.info('fresh');
      log.close();
      assert.ok(statSync(file).size < 1_000);
    }
    const round = (name: string): string => readFileSync(name, 'utf8').match(/round \d/)?.[0] ?? '';
    assert.deepEqual(
      [1, 2, 3].map((age) => round(`${file}.${String(age)}`)),
      ['round 5', 'round 4', 'round 3'],
    );
    assert.equal(existsSync(`${file}.4`), false);
  });
});

test('a file that cannot be written is told, and logging goes on for people', () => {
  withFile((file) => {
    let seen = '';
    const log = openLog(join(file, 'below'), 'info', { write: (text) => (seen += text), colour: false });
    log.logger.info('still here');
    assert.match(log.problem() ?? '', /ENOENT/);
    assert.match(seen, /still here/);
    log.close();
  });
});

test('nothing in a line can steer a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (msg, value) => {
      const line = readable(JSON.stringify({ level: 30, time: 0, msg, value }), false);
      assert.equal(/\p{Cc}/u.test(line.slice(0, -1)), false);
      assert.ok(line.endsWith('\n'));
    }),
  );
});
