// The title of the browser tab, in the chosen language: the routes name a key of the catalogue.
import { effect, inject, Injectable, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { type RouterStateSnapshot, TitleStrategy } from '@angular/router';
import { Texts } from '../util/texts/texts.ts';
import { TITLES, type TitleKey } from './routes.ts';

@Injectable({ providedIn: 'root' })
export class PageTitle extends TitleStrategy {
  readonly #title = inject(Title);
  readonly #key = signal<TitleKey>('runs');

  constructor() {
    super();
    const { t } = inject(Texts);
    effect(() => {
      this.#title.setTitle(`${t().app.titles[this.#key()]} · ${t().app.name}`);
    });
  }

  override updateTitle(snapshot: RouterStateSnapshot): void {
    const key = this.buildTitle(snapshot);
    const known = TITLES.find((title) => title === key);
    if (known !== undefined) this.#key.set(known);
  }
}
