// The analyst agent as an A2A server: node cli/demo/agents/analyst/main.ts --port 0 --ledger DIR
import { serve } from '../harness/serve.ts';
import { analyst } from './work.ts';

await serve(analyst, process.argv.slice(2));
