// What an agent wants to do, as it is hashed, kept and shown: canonical JSON, whole or not at all.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { LIMITS } from '#machines/nouns/limits';
import type { ApprovalAsk } from '../agents/adapter.ts';

/** The canonical text with its hash, or why nobody can be asked about it. */
export type Operation = { readonly text: string; readonly hash: string } | { readonly refused: string };

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

/**
 * The operation of a question in the canonical form of RFC 8785 with its SHA-256 (hex). Nothing is left out: what a
 * person could not be shown whole is refused, and so is what is no JSON (RFC 8785, 3.2.2: NaN, lone surrogates).
 */
export const readOperation = ({ operation, title, tool }: ApprovalAsk): Operation => {
  if (isDeeper(operation, LIMITS.jsonDepth))
    return { refused: 'the operation is nested too deep to be shown' };
  let text: string | undefined;
  try {
    text = canonicalize(operation);
  } catch (error) {
    return { refused: `the operation is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (text === undefined) return { refused: 'the operation is no JSON' };
  if (Buffer.byteLength(text) > LIMITS.approvalBytes)
    return {
      refused: `the operation is over ${LIMITS.approvalBytes / 1_024} KiB, too long to be checked by a person`,
    };
  if (title.length > LIMITS.approvalTitleChars || (tool?.length ?? 0) > LIMITS.approvalTitleChars)
    return { refused: 'what the agent says of the operation is too long to be shown whole' };
  return { text, hash: createHash('sha256').update(text).digest('hex') };
};
