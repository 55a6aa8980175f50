// A sample agent as a program: prompt on stdin, data in AGENTMESH_INPUT, JSON Lines on stdout, exit code as the result.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { randomUUID } from 'node:crypto';
import { makeDesk } from './desk.ts';
import type { Ledger } from './ledger.ts';
import { openLedger } from './ledger.ts';
import { readOptions } from './serve.ts';
import type { Agent, Ask, Result } from './work.ts';
import { asRecord, WorkFault } from './work.ts';

const line = (kind: string, payload: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify({ kind, payload })}\n`);
};

const readInput = (): Readonly<Record<string, unknown>> => {
  const given = process.env['AGENTMESH_INPUT'];
  if (given === undefined || given === '') return {};
  try {
    return asRecord(JSON.parse(given) as unknown);
  } catch {
    throw new WorkFault('invalid_input', 'AGENTMESH_INPUT is not JSON');
  }
};

const tellResult = (result: Result): void => {
  for (const { name, text, mime } of result.artifacts ?? []) line('artifact', { name, text, mime });
  line('artifact', { name: 'result', data: result.data, mime: 'application/json' });
  line('message', { role: 'agent', text: result.text });
};

/** A result that an earlier run of the same key left in the ledger, or whose effect had happened before it died. */
const earlier = async (agent: Agent, ledger: Ledger, key: string): Promise<Result | null> => {
  const saved = asRecord(ledger.checkpointOf(key));
  const { done } = saved;
  if (done !== undefined) return done as Result;
  return (await agent.recover?.(saved['work'] ?? null)) ?? null;
};

/** Does the work once and ends the process: 0 done, 1 failed, 143 after SIGTERM. Takes --ledger DIR and --delay-ms N. */
export const runAsCommand = async (agent: Agent, argv: readonly string[]): Promise<void> => {
  const options = readOptions(argv);
  const ledger = openLedger(options.ledgerDir, agent.name);
  const scratch = mkdtempSync(join(tmpdir(), `agentmesh-${agent.name}-`));
  const abort = new AbortController();
  process.on('SIGTERM', () => abort.abort('cancelled'));
  process.on('SIGINT', () => abort.abort('cancelled'));
  const key = process.env['AGENTMESH_IDEMPOTENCY_KEY'] ?? randomUUID();
  const listener = {
    status: (text: string) => line('status', { state: 'working', text }),
    reasoning: (text: string) => line('reasoning', { text }),
    tool: (payload: Readonly<Record<string, unknown>>) => line('tool', payload),
  };
  const desk = makeDesk(
    {
      signal: abort.signal,
      scratch,
      delayMs: options.delayMs,
      effect: (name) => ledger.effect(key, name),
      checkpoint: (work) => ledger.checkpoint(key, { work }),
    },
    listener,
  );
  let code = 0;
  try {
    const data = readInput();
    const prompt = await readAll(process.stdin);
    const ask: Ask = {
      prompt,
      inputs: asRecord(data['inputs']),
      outputs: asRecord(data['outputs']),
      key,
    };
    const known = await earlier(agent, ledger, key);
    const result = known ?? (await agent.work(ask, desk));
    ledger.checkpoint(key, { done: result });
    tellResult(result);
  } catch (error) {
    if (abort.signal.aborted) code = 143;
    else {
      const fault = error instanceof WorkFault ? error : null;
      const message = error instanceof Error ? error.message : String(error);
      if (fault?.data) line('artifact', { name: 'result', data: fault.data, mime: 'application/json' });
      line('error', {
        code: fault?.code ?? 'agent_failed',
        message,
        retryable: fault?.retryable ?? true,
      });
      code = 1;
    }
  } finally {
    ledger.close();
    rmSync(scratch, { recursive: true, force: true });
  }
  process.exitCode = code;
  // stdin may still be open; everything that was written leaves first.
  process.stdout.write('', () => process.exit(code));
};
