// The texts in the chosen language, as a signal: templates read `t().runs.title` and follow a switch at once.
import { computed, effect, inject, Injectable, type Signal } from '@angular/core';
import { oneOf, remembered } from '../remembered.ts';
import { type Catalogue, CATALOGUES, type Language, LANGUAGES, preferredLanguage } from './catalogue.ts';

@Injectable({ providedIn: 'root' })
export class Texts {
  readonly language = remembered<Language>(
    'language',
    preferredLanguage(navigator.languages),
    oneOf(...LANGUAGES),
  );
  readonly t: Signal<Catalogue> = computed(() => CATALOGUES[this.language()]);

  constructor() {
    effect(() => {
      document.documentElement.lang = this.language();
    });
  }
}

/** The catalogue of the chosen language; for field initialisers of components. */
export const texts = (): Signal<Catalogue> => inject(Texts).t;
