// The calc agent as an A2A server: node cli/demo/agents/calc/main.ts --port 0 --ledger DIR
import { serve } from '../harness/serve.ts';
import { calc } from './work.ts';

await serve(calc, process.argv.slice(2));
