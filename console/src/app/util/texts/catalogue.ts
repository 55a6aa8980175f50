// The languages of the console. A language that lacks a key, or has one too many, fails the type check.
import { type Catalogue, en } from './en.ts';
import { zhCN } from './zh-cn.ts';

export type { Catalogue } from './en.ts';

export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, 'zh-CN': zhCN };

/** What each language calls itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', 'zh-CN': '简体中文' };

/** The first language of the browser that we speak; English otherwise. */
export const preferredLanguage = (wanted: readonly string[]): Language => {
  for (const tag of wanted) {
    const word = tag.toLowerCase();
    if (word.startsWith('zh')) return 'zh-CN';
    if (word.startsWith('en')) return 'en';
  }
  return 'en';
};
