// Team templates as the engine uses them: listed, looked up by name, checked, and pinned for a run.
import { MeshError } from '#machines/nouns/error';
import type { TeamTemplate } from '#machines/nouns/team';
import type { TemplateCheck, TemplateSource, TemplateSummary } from '../engine.ts';
import type { Inspection } from './check.ts';
import { inspectTemplate, templateHash } from './check.ts';
import type { TemplateDir, TemplateFile } from './files.ts';
import { findTemplate, listTemplates } from './files.ts';
import { nearest } from './nearest.ts';
import { createParser } from './parse.ts';

/** What a run keeps of its template for its whole life. */
export interface PinnedTemplate {
  readonly template: TeamTemplate;
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  readonly origin: string;
  readonly commit: string | null;
  readonly check: TemplateCheck;
}

export interface Templates {
  /** Those that are found by name, broken ones included. */
  list(): Promise<TemplateSummary[]>;
  /** Throws unknown_template with suggestions. */
  get(name: string): Promise<{ name: string; text: string; origin: string; check: TemplateCheck }>;
  /** Never throws for what a text contains. */
  check(text: string): Promise<TemplateCheck>;
  /** Throws unknown_template, invalid_template or not_supported_yet (`extra.problems`: the list). */
  pin(source: TemplateSource): Promise<PinnedTemplate>;
  /** Ends the reader’s thread. */
  close(): Promise<void>;
}

/** Texts whose judgement is kept: teams are started far more often than they change. */
const REMEMBERED = 64;

const refuse = (check: TemplateCheck): never => {
  const errors = check.problems.filter(({ severity }) => severity === 'error');
  const code = errors.some((problem) => problem.code === 'invalid_template')
    ? 'invalid_template'
    : 'not_supported_yet';
  const shown = errors
    .filter((problem) => problem.code === code)
    .slice(0, 5)
    .map(({ line, column, message }) => (line === null ? message : `${line}:${column ?? 1} ${message}`));
  throw new MeshError(code, shown.join('; '), { problems: check.problems });
};

/** Reads templates from folders, the first one wins. Call close() at the end. */
export const createTemplates = (config: { readonly dirs: readonly TemplateDir[] }): Templates => {
  const { dirs } = config;
  const parser = createParser();
  const remembered = new Map<string, Inspection>();
  /** Being judged now: many starts of one text at once are one judgement. */
  const beingJudged = new Map<string, Promise<Inspection>>();

  const judge = async (hash: string, text: string): Promise<Inspection> => {
    const fresh = await inspectTemplate(parser, text);
    // A text that ran into the time limit may have met a busy machine: it is judged anew each time.
    if (fresh.template === null) return fresh;
    const [oldest] = remembered.keys();
    if (remembered.size >= REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.set(hash, fresh);
    return fresh;
  };

  const inspect = (text: string): Promise<Inspection> => {
    const hash = templateHash(text);
    const known = remembered.get(hash);
    if (known !== undefined) return Promise.resolve(known);
    const judged = beingJudged.get(hash) ?? judge(hash, text).finally(() => beingJudged.delete(hash));
    beingJudged.set(hash, judged);
    return judged;
  };

  const find = async (name: string): Promise<TemplateFile> => {
    const file = await findTemplate(dirs, name);
    if (file !== null) return file;
    const names = (await listTemplates(dirs)).map((known) => known.name);
    const suggestions = nearest(name, names);
    const hint =
      suggestions.length > 0
        ? `did you mean ${suggestions.join(' or ')}?`
        : names.length > 0
          ? `known are ${names.join(', ')}`
          : 'no templates were found';
    throw new MeshError('unknown_template', `no team template is called \`${name.slice(0, 80)}\`; ${hint}`, {
      suggestions,
    });
  };

  const summary = async (file: TemplateFile): Promise<TemplateSummary> => {
    const { check, template } = await inspect(file.text);
    return {
      name: file.name,
      description: template?.description ?? '',
      origin: file.origin,
      hash: check.hash,
      steps: template?.steps.map(({ id }) => id) ?? [],
      inputs: template?.inputs ?? {},
      input_modes: template?.input_modes ?? null,
      problems: check.problems.filter(({ severity }) => severity === 'error').length,
    };
  };

  return {
    list: async () => Promise.all((await listTemplates(dirs)).map(summary)),
    get: async (name) => {
      const file = await find(name);
      return { ...file, check: (await inspect(file.text)).check };
    },
    check: async (text) => (await inspect(text)).check,
    pin: async (source) => {
      const { text, origin } = 'name' in source ? await find(source.name) : source;
      const { check, template } = await inspect(text);
      if (template === null || !check.ok) return refuse(check);
      const commit = 'name' in source ? null : (source.commit ?? null);
      return { template, text, hash: check.hash, origin, commit, check };
    },
    close: () => parser.close(),
  };
};
