// The real OpenCode, by ACP, with a model of our own on loopback:
//
//   npm run test:agents -- opencode
import { isAnswer, programSuite } from './program-suite.ts';

programSuite('opencode', {
  title: 'OpenCode',
  streams: true,
  asks: true,
  isAtWork: isAnswer,
});
