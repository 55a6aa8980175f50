// A file as it travels: with an artifact of an agent, or with a request. Its bytes, where they are stored, or its address.
import { z } from 'zod';

/** Exactly one of `base64`, `ref` and `url` says what is in it. */
export const MeshFileSchema = z
  .looseObject({
    name: z.string().optional(),
    mime: z.string().optional(),
    /** The bytes (RFC 4648, section 4). */
    base64: z.string().optional(),
    /** `sha256:<hex>`: the bytes are stored beside the log. */
    ref: z.string().optional(),
    /** Where it is; nobody here fetches it. */
    url: z.string().optional(),
    /** How many, for files whose bytes are known. */
    bytes: z.int().min(0).optional(),
  })
  .refine(
    ({ base64, ref, url }) => [base64, ref, url].filter((place) => place !== undefined).length === 1,
    'give exactly one of base64, ref and url',
  );
export type MeshFile = z.infer<typeof MeshFileSchema>;
