// What an error code means and what to do about it, in the chosen language.
import { ERRORS, isErrorCode } from '#machines/nouns/error-codes';
import type { Language } from './catalogue.ts';
import { ERRORS_ZH_CN, type ErrorText } from './errors-zh-cn.ts';

/** The texts of a code; null for the words of agents, which are nobody's catalogue. */
export const errorText = (code: string | null, language: Language): ErrorText | null => {
  if (code === null || !isErrorCode(code)) return null;
  const english: ErrorText = [ERRORS[code].title, ERRORS[code].remedy];
  return language === 'zh-CN' ? (ERRORS_ZH_CN[code] ?? english) : english;
};
