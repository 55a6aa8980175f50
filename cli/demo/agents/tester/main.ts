// The tester agent as an A2A server: node cli/demo/agents/tester/main.ts --port 0 --ledger DIR
import { serve } from '../harness/serve.ts';
import { tester } from './work.ts';

await serve(tester, process.argv.slice(2));
