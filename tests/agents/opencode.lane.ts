// The real OpenCode, by ACP, with a model of our own on loopback:
//
//   npm run test:agents -- opencode
import { programSuite } from './program-suite.ts';
import { isAnswer } from './seen.ts';

programSuite('opencode', {
  title: 'OpenCode',
  streams: true,
  asks: true,
  isAtWork: isAnswer,
});
