// Every language says everything: the same keys, no empty text, and each parameter is used.
import { ERRORS } from '#machines/nouns/error-codes';
import { errorText } from './error-texts.ts';
import { ERRORS_ZH_CN } from './errors-zh-cn.ts';
import { CATALOGUES, LANGUAGES, preferredLanguage } from './catalogue.ts';

type Leaf = string | ((...params: number[]) => string);

const leaves = (value: object, path = ''): [string, Leaf][] =>
  Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? leaves(inner, `${path}${key}.`)
      : [[path + key, inner as Leaf] as [string, Leaf]],
  );

describe('texts', () => {
  const english = new Map(leaves(CATALOGUES.en));

  for (const language of LANGUAGES) {
    const texts = new Map(leaves(CATALOGUES[language]));

    it(`${language} has exactly the keys of English`, () => {
      expect([...texts.keys()].toSorted()).toEqual([...english.keys()].toSorted());
    });

    it(`${language} leaves nothing empty and uses every number that it is given`, () => {
      for (const [key, text] of texts) {
        if (typeof text === 'string') {
          if (key !== 'units.space') expect(text.trim(), key).not.toBe('');
          continue;
        }
        const said = text(7, 9);
        expect(said, key).toContain('7');
        const twoNumbers = english.get(key);
        if (typeof twoNumbers === 'function' && twoNumbers.length > 1) expect(said, key).toContain('9');
      }
    });
  }

  it('zh-CN is translated, not copied: almost every text has a Chinese sign', () => {
    const same = leaves(CATALOGUES['zh-CN']).filter(
      ([, text]) => typeof text === 'string' && !/[\u4e00-\u9fff]/.test(text),
    );
    expect(same.map(([key]) => key)).toEqual(['app.name', 'agents.sources.tailnet', 'units.space']);
  });

  it('the browser’s first language that we speak is taken', () => {
    expect(preferredLanguage(['fr', 'zh-Hans-CN', 'en'])).toBe('zh-CN');
    expect(preferredLanguage(['en-GB', 'zh'])).toBe('en');
    expect(preferredLanguage(['fr'])).toBe('en');
  });

  it('every error code is told in Chinese, and the words of agents are left alone', () => {
    expect(Object.keys(ERRORS_ZH_CN).toSorted()).toEqual(Object.keys(ERRORS).toSorted());
    expect(errorText('timeout', 'zh-CN')?.[0]).toBe('超过时间限制');
    expect(errorText('timeout', 'en')?.[0]).toBe(ERRORS.timeout.title);
    expect(errorText('E_AGENT_OWN', 'zh-CN')).toBeNull();
  });
});
