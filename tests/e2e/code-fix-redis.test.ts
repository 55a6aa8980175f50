// The code-fix team with its jobs in a Redis, and its A2A agents called by a worker.
import { hasRedisServer } from '#engine/queue/redis/redis.testserver';
import { testCodeFix } from './code-fix.testsuite.ts';

if (hasRedisServer()) testCodeFix('bee-queue');
