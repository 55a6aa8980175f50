// What an entry may say of an A2A agent besides its address: `settings` of kind a2a.
import type { JWK } from 'jose';
import type { Target } from '../adapter.ts';
import { keysOf } from './card-signature.ts';
import { Fault } from './faults.ts';

export interface Settings {
  /**
   * What a turn that ends `input-required` is. completed: a finished step. ask: a question to a person. auto: a question
   * when the agent says one with that state, a finished step when it only said its answer before (Gemini ends every turn so).
   */
  readonly inputRequired: 'auto' | 'completed' | 'ask';
  /** Public keys that alone may sign the card (JWKS); null: those that the card names at its own origin. */
  readonly cardKeys: readonly JWK[] | null;
}

const cardKeys = (target: Target, value: unknown): readonly JWK[] | null => {
  if (value === undefined) return null;
  let keys: readonly JWK[] = [];
  try {
    keys = keysOf(JSON.parse(typeof value === 'string' ? value : ''));
  } catch {
    // Said below.
  }
  if (keys.length > 0) return keys;
  throw new Fault(
    'bad_request',
    `The setting card_keys of ${target.name} is no JWKS with a public key in it`,
  );
};

/** The settings of a target. Throws a Fault that names the one that is wrong. */
export const settingsOf = (target: Target): Settings => {
  const { input_required: inputRequired = 'auto', card_keys: keys } = target.entry.settings ?? {};
  if (inputRequired !== 'auto' && inputRequired !== 'completed' && inputRequired !== 'ask') {
    throw new Fault(
      'bad_request',
      `The setting input_required of ${target.name} is ${String(inputRequired)}; it takes auto, completed or ask`,
    );
  }
  return { inputRequired, cardKeys: cardKeys(target, keys) };
};
