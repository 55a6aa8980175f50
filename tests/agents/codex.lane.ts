// The real Codex, by codex exec --json, with a model of our own on loopback:
//
//   npm run test:agents -- codex
import { programSuite } from './program-suite.ts';
import { says } from './seen.ts';

// Its messages come whole: what shows that it works is the thread that it names first.
programSuite('codex', {
  title: 'Codex',
  streams: false,
  asks: false,
  isAtWork: says('"thread"'),
});
