// What it takes to let an agent program on this machine take part, what was done for it, and what is in the way.
import { z } from 'zod';
import { AgentKindSchema, AgentSchema } from './agent.ts';
import { LIMITS } from './limits.ts';

export const InstallStepSchema = z.object({
  change: z.string(),
  file: z.string().optional().describe('the file that changes'),
  command: z.array(z.string()).optional().describe('argv; secrets stand as …'),
});
export type InstallStepView = z.infer<typeof InstallStepSchema>;

/** Why it cannot be done; `code` is one of docs/errors.md. */
export const ObstacleSchema = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
export type ObstacleView = z.infer<typeof ObstacleSchema>;

/** An installation that this daemon knows. */
export const InstallationSchema = z.object({
  kind: AgentKindSchema,
  dir: z.string().describe('folder of the installation'),
  installed_at: z.string(),
  /** False: an install began and did not come to its end; install again, or uninstall. */
  complete: z.boolean(),
  steps: z.array(InstallStepSchema).describe('what was done'),
  agents: z.array(z.string()).describe('names of its agents on the mesh'),
});
export type Installation = z.infer<typeof InstallationSchema>;

/** What an install would do. */
export const InstallPlanSchema = z.object({
  kind: AgentKindSchema,
  dir: z.string().nullable(),
  found: z.array(z.string()).describe('what is there, one line each'),
  steps: z.array(InstallStepSchema).describe('what is left to do'),
  obstacles: z.array(ObstacleSchema),
  /** Given to `install`, only what this plan shows is done. */
  plan_sha256: z.string(),
  installation: InstallationSchema.nullable().describe('what an earlier install left there'),
});
export type InstallPlanView = z.infer<typeof InstallPlanSchema>;

/** What an install or uninstall did. */
export const InstallReportSchema = z.object({
  kind: AgentKindSchema,
  dir: z.string().nullable(),
  notes: z.array(z.string()).describe('what was done, and what was left as it is and why'),
  steps: z.array(InstallStepSchema),
  agents: z.array(AgentSchema),
});
export type InstallReport = z.infer<typeof InstallReportSchema>;

/** What is asked for: the kind, the folder when it is not the usual one, its choices, and what the caller’s shell knows. */
export const InstallAskSchema = z.strictObject({
  kind: AgentKindSchema,
  dir: z.string().min(1).max(LIMITS.installPathChars).optional(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('PATH, HOME and the program’s own variables of the caller’s shell; never recorded'),
});
