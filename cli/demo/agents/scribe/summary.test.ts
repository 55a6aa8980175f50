// The summary shows what was given, as Markdown that nothing inside can break.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summary } from './work.ts';

const ask = (outputs: Record<string, unknown>, inputs: Record<string, unknown> = {}) => ({
  prompt: 'Repair of /repo\nmore words',
  inputs,
  outputs,
  key: 'k',
});

describe('summary', () => {
  it('names the verdict, the inputs and each step in order', () => {
    const text = summary(
      ask(
        { modify: { fixed: true, patch: '--- a/x\n+++ b/x\n' }, test: { passed: true, total: 4 } },
        { repo: '/repo', empty: '' },
      ),
    );
    assert.match(text, /^# Repair of \/repo\n\nIt worked: every check passed\./);
    assert.match(text, /- \*\*repo\*\*: \/repo/);
    assert.doesNotMatch(text, /empty/);
    assert.ok(text.indexOf('## modify') < text.indexOf('## test'));
    assert.match(text, /```diff\n--- a\/x\n\+\+\+ b\/x\n```/);
  });
  it('says when a check failed', () => {
    assert.match(summary(ask({ test: { passed: false } })), /It did not work/);
  });
  it('escapes what would be Markdown, and fences what holds fences', () => {
    const text = summary(ask({ a: { cause: 'a *b* <script> `c`', patch: '```\nx\n```' } }));
    assert.match(text, /a \\\*b\\\* \\<script\\> \\`c\\`/);
    assert.match(text, /````diff\n```\nx\n```\n````/);
  });
});
