// The fixer agent as an A2A server: node cli/demo/agents/fixer/main.ts --port 0 --ledger DIR
import { serve } from '../harness/serve.ts';
import { fixer } from './work.ts';

await serve(fixer, process.argv.slice(2));
