// Programs that speak the Agent Client Protocol over stdio (agentclientprotocol.com, version 1): OpenCode, Gemini CLI and others.
//
// settings: `mode` (a session mode of the agent), `authenticate` (the id of one of its login methods), and any option
// that the agent offers for a session, by its id, such as `model`.
import { resolve } from 'node:path';
import type { Ports } from '../../ports.ts';
import { converse } from '../../processes/conversation.ts';
import { createProgramProbe, inquire, jsonReader, type Introduction } from '../../processes/inquiry.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import { findProgram } from '../../processes/program.ts';
import type { AgentAdapter, Capabilities, Found } from '../adapter.ts';
import { argvOf, LAUNCHES } from './launch.ts';
import { acpManner, initialize } from './session.ts';
import { openWire } from './wire.ts';

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  // What an agent embeds in its messages: resources, images. Files that it writes are its own business.
  artifacts: true,
  cancel: 'run',
  approvals: true,
  // session/load brings back a conversation, not a turn that was running.
  resume: false,
  multiTurn: false,
  remote: false,
};

/** Known programs that are on the PATH. */
async function* findPrograms(signal: AbortSignal): AsyncGenerator<Found> {
  for (const [name, { title, isSecondChoice }] of Object.entries(LAUNCHES)) {
    if (isSecondChoice === true || signal.aborted) continue;
    const entry = { name, kind: 'acp', command: [name] };
    const program = findProgram(entry);
    if ('file' in program) yield { entry, source: 'local', detail: `${title} at ${program.file}` };
    await Promise.resolve();
  }
}

/** The adapter for ACP agents. */
export const createAcpAdapter = ({ clock }: Pick<Ports, 'clock'>): AgentAdapter => {
  const probe = createProgramProbe(clock, argvOf, (program, signal) =>
    inquire(clock, program, signal, (say) => {
      const wire = openWire({
        say,
        onUpdate: () => Promise.resolve(),
        onPermission: () => Promise.resolve({ outcome: { outcome: 'cancelled' } }),
      });
      const { promise: answer, resolve: answerWith, reject } = Promise.withResolvers<Introduction>();
      return {
        answer,
        begin() {
          initialize(wire.agent).then(({ agentInfo, protocolVersion }) => {
            answerWith({
              name: agentInfo?.title ?? agentInfo?.name ?? null,
              version: agentInfo?.version ?? null,
              protocol: `ACP ${String(protocolVersion)}`,
            });
          }, reject);
        },
        stdout: jsonReader(
          (value) => wire.take(value),
          () => {
            wire.close();
          },
        ),
      };
    }),
  );
  return {
    kind: 'acp',
    summary: 'programs that speak the Agent Client Protocol: OpenCode, Gemini CLI, Qwen Code and others',
    capabilities: () => CAPABILITIES,
    probe: ({ entry }, { signal }) => probe(entry, signal),

    // The program is there or not: nothing of ours is put anywhere.
    plan: () => Promise.resolve({ kind: 'acp', steps: [], obstacles: [], details: null }),
    install: () => Promise.resolve({ kind: 'acp', steps: [], details: null }),
    uninstall: () => Promise.resolve(),
    discover: ({ signal }) => findPrograms(signal),

    async invoke(request, sink) {
      const { entry } = request.target;
      const program = findProgram({ ...entry, command: argvOf(entry) });
      if (!('file' in program)) return { status: 'failed', artifacts: [], error: program };
      return converse(clock, program, request, sink, acpManner(resolve(program.cwd)));
    },

    reattach: (request, handle) => endLeftBehind(clock, handle, request.key),
  };
};
