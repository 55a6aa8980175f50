// What an A2A entry may hold in its settings. Apart from what reads them, which loads the library for keys.
import { choiceSetting, settingsSchema } from '#machines/nouns/agent-settings';
import { z } from 'zod';

const isKeySet = (text: string): boolean => {
  try {
    return z.looseObject({ keys: z.array(z.looseObject({})).min(1) }).safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};

export const SETTINGS = settingsSchema({
  input_required: choiceSetting(['auto', 'completed', 'ask']),
  card_keys: z
    .string({ error: 'a JWKS as text' })
    .refine(isKeySet, { error: 'a JWKS as text, with a key in it (RFC 7517)' }),
});
