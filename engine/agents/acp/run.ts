// One run at an ACP agent, at a program that waits for it or at a new one.
import { resolve } from 'node:path';
import { KeptPrograms } from '../../processes/kept.ts';
import type { KeptPorts } from '../../processes/kept-start.ts';
import { inWorkFolder } from '../../processes/work-folder.ts';
import type { InvokeRequest, Outcome, Sink } from '../adapter.ts';
import { argvOf } from './launch.ts';
import { AcpLine } from './line.ts';
import { acpManner } from './session.ts';
import { idleMsOf } from './settings.ts';

export type AcpPrograms = KeptPrograms<AcpLine>;

/** The programs of one daemon; `dataDir` holds the book of them. */
export const createAcpPrograms = (ports: KeptPorts, dataDir: string): AcpPrograms =>
  new KeptPrograms(
    ports,
    dataDir,
    (held) =>
      new AcpLine(ports.clock, (message) => {
        held.say(message);
      }),
  );

/** Runs a request at the program of its entry. A program that is not there is a failed outcome. */
export const invoke = (programs: AcpPrograms, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { entry } = request.target;
  return inWorkFolder(request, sink, ({ cwd }) =>
    programs.run(
      { entry: { ...entry, command: argvOf(entry) }, idleMs: idleMsOf(entry) },
      request,
      sink,
      acpManner(resolve(cwd)),
    ),
  );
};
