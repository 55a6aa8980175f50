// What an artifact holds is read back as it was, wherever it lies: in its event, or beside the log when it is large.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import type { EventPayload } from '#machines/nouns/event';
import type { MeshFile } from '#machines/nouns/file';
import { LIMITS } from '#machines/nouns/limits';
import { nodePorts } from '../ports-node.ts';
import { type Artifacts, createArtifacts } from './artifacts.ts';

let folder = '';
let artifacts: Artifacts;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'artifacts-'));
  artifacts = createArtifacts(folder, nodePorts(pino({ level: 'silent' }), {}).disk);
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const bytesOf = ({ base64, ref }: MeshFile): Buffer =>
  ref === undefined ? Buffer.from(base64 ?? '', 'base64') : artifacts.read(ref);

/** Small ones, and some that are over the limit of an event. */
const sized = fc.oneof(
  fc.string({ maxLength: 20, unit: 'grapheme' }),
  fc.nat({ max: 3 }).map((more) => 'é'.repeat(LIMITS.artifactInlineBytes / 2 + more)),
);

describe('an artifact', () => {
  it('is read back as it was: text, data and files, small and large (property)', () => {
    const anyPayload = fc.record(
      {
        text: sized,
        data: fc.oneof(
          fc.jsonValue({ maxDepth: 2 }).filter((value) => value !== null),
          sized.map((long) => ({ long })),
        ),
        mime: fc.constantFrom('text/plain', 'application/json', 'image/png'),
        files: fc.array(sized, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyPayload, ({ files, ...payload }) => {
        const given = files?.map((each, at) => ({
          name: String(at),
          base64: Buffer.from(each).toString('base64'),
        }));
        const asked = { ...payload, ...(given === undefined ? {} : { files: given }) };
        const kept = artifacts.keep(JSON.parse(JSON.stringify(asked)) as EventPayload<'artifact'>);
        const line = JSON.stringify(kept);
        assert.ok(line.length < LIMITS.logLineBytes / 4, `${String(line.length)} bytes`);
        const read = artifacts.contentOf(JSON.parse(line) as Record<string, unknown>);
        assert.equal(read.text, payload.text);
        assert.deepEqual(read.data, (JSON.parse(JSON.stringify(payload)) as { data?: unknown }).data);
        assert.deepEqual(
          kept.files?.map((file) => bytesOf(file).toString()),
          files,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the first files in the event and the rest beside it, each with its size', () => {
    const bytes = Buffer.alloc(40_000, 1);
    const file = { name: 'a.bin', mime: 'x/y', base64: bytes.toString('base64') };
    const [first, second, third] =
      artifacts.keep({ files: [file, file, { url: 'https://example.com/a' }] }).files ?? [];
    assert.deepEqual(first, { ...file, bytes: 40_000 });
    assert.deepEqual(Object.keys(second ?? {}), ['name', 'mime', 'ref', 'bytes']);
    assert.ok(readdirSync(folder).includes(second?.ref?.slice('sha256:'.length) ?? ''));
    assert.deepEqual(third, { url: 'https://example.com/a' });
  });

  it('refers to nothing that somebody else has named', () => {
    const ref = `sha256:${'0'.repeat(64)}`;
    const kept = artifacts.keep({ name: 'a', ref, ref_to: 'text', text_ref: ref, files: [{ ref }] });
    assert.deepEqual(kept, { name: 'a', files: [] });
  });

  it('of an earlier version is told by its media type', () => {
    const { ref } = artifacts.keep({ data: { long: 'x'.repeat(70_000) } });
    const old = { ref, mime: 'application/json', bytes: 70_011 };
    assert.equal((artifacts.contentOf(old).data as { long: string }).long.length, 70_000);
  });

  it('is refused over its limit, all of its parts together', () => {
    const half = Buffer.alloc(LIMITS.artifactBytes / 2, 1).toString('base64');
    assert.throws(() => artifacts.keep({ text: 'x', files: [{ base64: half }, { base64: half }] }), {
      code: 'invalid_agent_response',
    });
  });
});
