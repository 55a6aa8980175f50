// Dark, light or as the system says; remembered. The colours are in styles/tokens.css.
import { effect, Injectable } from '@angular/core';
import { oneOf, remembered } from './remembered.ts';

export const THEMES = ['system', 'dark', 'light'] as const;
export type ThemeChoice = (typeof THEMES)[number];

@Injectable({ providedIn: 'root' })
export class Theme {
  readonly choice = remembered<ThemeChoice>('theme', 'system', oneOf(...THEMES));

  constructor() {
    effect(() => {
      const choice = this.choice();
      if (choice === 'system') delete document.documentElement.dataset['theme'];
      else document.documentElement.dataset['theme'] = choice;
    });
  }

  /** The next of system, dark, light. */
  cycle(): void {
    this.choice.update((now) => THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? 'system');
  }
}
