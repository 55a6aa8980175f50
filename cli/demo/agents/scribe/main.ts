// The scribe agent as an A2A server: node cli/demo/agents/scribe/main.ts --port 0 --ledger DIR
import { serve } from '../harness/serve.ts';
import { scribe } from './work.ts';

await serve(scribe, process.argv.slice(2));
