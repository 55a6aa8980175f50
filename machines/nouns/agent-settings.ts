// The words in which each kind of agent declares the settings of its entries; engine/agents/settings.ts holds entries to them.
import { z } from 'zod';

/** A text. `--setting model=4` on a command line is a number by its looks, and a text all the same. */
export const textSetting = z.union([z.string().min(1), z.number()], { error: 'a text' });

/** true or false. */
export const switchSetting = z.boolean({ error: 'true or false' });

/** A whole number from 1 on. */
export const countSetting = z.int({ error: 'a whole number' }).min(1, { error: 'a number from 1 on' });

/** A number over 0, such as an amount of money. */
export const amountSetting = z.number({ error: 'a number' }).positive({ error: 'a number over 0' });

/** A number from `least` to `most`. */
export const numberSetting = (least: number, most: number): z.ZodNumber => {
  const error = `a number from ${String(least)} to ${String(most)}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
};

/** One of these words. */
export const choiceSetting = <const T extends readonly [string, ...string[]]>(
  words: T,
): z.ZodEnum<{ [W in T[number]]: W }> => z.enum(words, { error: `one of ${words.join(', ')}` });

/** What the entries of a kind may hold in `settings`. The message of a schema names what it takes. */
export interface SettingsSchema {
  readonly known: Readonly<Record<string, z.ZodType>>;
  /** Names that the kind alone cannot list, such as options that an agent offers, and how people are told of them. */
  readonly others?: { readonly pattern: RegExp; readonly words: string };
}

/** The settings of a kind. Every kind knows `agent`, which tells agents at one address apart. */
export const settingsSchema = (
  known: SettingsSchema['known'] = {},
  others?: SettingsSchema['others'],
): SettingsSchema => ({
  known: { agent: textSetting, ...known },
  ...(others === undefined ? {} : { others }),
});
