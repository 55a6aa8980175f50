// The agent programs that can be installed, as their commands name them.
import type { InstallableProgram } from './installing.ts';

export const NANOCLAW: InstallableProgram = { kind: 'nanoclaw', title: 'NanoClaw', variables: 'NANOCLAW_' };
export const OPENCLAW: InstallableProgram = { kind: 'openclaw', title: 'OpenClaw', variables: 'OPENCLAW_' };
