// config.json of the data folder: what is set for good, for people who start the daemon in more than one way.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FILES } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';

const ConfigFileSchema = z.strictObject({
  queue: z.strictObject({ redis: z.string().min(1).optional() }).optional(),
  /** As the flags --discovery and --announce say it. */
  discovery: z.strictObject({ sources: z.string().optional(), announce: z.boolean().optional() }).optional(),
  /** The team that gets the plain texts which come over A2A and name no skill. */
  a2a: z.strictObject({ default_team: z.string().min(1).optional() }).optional(),
});
export type ConfigFile = Readonly<z.infer<typeof ConfigFileSchema>>;

/**
 * Reads it; nothing is set when there is none.
 * @throws MeshError bad_request naming the file and the key, never what the key says
 */
export const readConfigFile = (dataDir: string): ConfigFile => {
  const path = join(dataDir, FILES.config);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return {};
    throw new MeshError('bad_request', `${path} cannot be read`, {}, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MeshError('bad_request', `${path} is not JSON`);
  }
  const parsed = ConfigFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : ` ${issue.path.join('.')}:`;
  throw new MeshError('bad_request', `${path}:${place} ${issue?.message ?? 'is not understood'}`);
};
