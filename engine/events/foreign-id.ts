// Ids of lines that have none: made from their bytes, so that reading a line twice is reading it once.
import { createHash } from 'node:crypto';

/**
 * UUIDv8 (RFC 9562) from SHA-256(line bytes, 0x0A, n in decimal): `occurrence` is 1 for the first of equal lines.
 * The line is taken without its newline; its first 16 bytes of hash are the UUID, with version and variant set.
 */
export const foreignId = (line: Uint8Array, occurrence: number): string => {
  const digest = createHash('sha256').update(line).update(`\n${occurrence}`).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
