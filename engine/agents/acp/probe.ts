// Whether a program speaks ACP, and what it calls itself: initialize, and nothing more.
import type { Clock } from '../../ports.ts';
import { createProgramProbe, inquire, jsonReader, type Introduction } from '../../processes/inquiry.ts';
import { argvOf } from './launch.ts';
import { initialize } from './line.ts';
import { openWire } from './wire.ts';

/** The probe of ACP agents; it remembers programs that have introduced themselves. */
export const createAcpProbe = (clock: Clock): ReturnType<typeof createProgramProbe> =>
  createProgramProbe(clock, argvOf, (program, signal) =>
    inquire(clock, program, signal, (say) => {
      const wire = openWire({
        say,
        onUpdate: () => Promise.resolve(),
        onPermission: () => Promise.resolve({ outcome: { outcome: 'cancelled' } }),
      });
      const { promise: answer, resolve, reject } = Promise.withResolvers<Introduction>();
      return {
        answer,
        begin() {
          initialize(wire.agent).then(({ agentInfo, protocolVersion }) => {
            resolve({
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
