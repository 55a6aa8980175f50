// The state of one step, read from what the run's machine remembers.
import type { StepState } from '../nouns/run.ts';
import type { RunContext, StepMemory } from './context.ts';

/** `context` is null where the run's machine no longer fits: then only its own memory tells. */
export const stepState = (id: string, memory: StepMemory, context: RunContext | null): StepState => {
  if (memory.output !== null) return 'completed';
  if (context?.failure?.step === id) return 'failed';
  if (context?.retry?.step === id) return 'retrying';
  if (memory.execution === 0) return 'pending';
  if (context !== null && context.cancel !== null) return 'cancelled';
  // Stopped by `pause --now`: it begins again with the run.
  return memory.inFlight === null && memory.held === null ? 'pending' : 'running';
};
