// The real Claude Code, by its stream-json lines, with a model of our own on loopback:
//
//   npm run test:agents -- claude
import { programSuite } from './program-suite.ts';
import { isAnswer } from './seen.ts';

programSuite('claude', {
  title: 'Claude Code',
  streams: true,
  asks: true,
  isAtWork: isAnswer,
});
