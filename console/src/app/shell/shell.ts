// The frame around every page: 40 px bar with the ways, the connection, language, theme and help.
import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Router, RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { ApprovalsStore } from '../data/approvals-store.ts';
import { Live } from '../data/live.ts';
import { Icon } from '../ui/icon.ts';
import type { IconName } from '../ui/icons.ts';
import { keys } from '../util/keys.ts';
import { type Language, LANGUAGE_NAMES, LANGUAGES } from '../util/texts/catalogue.ts';
import { Texts } from '../util/texts/texts.ts';
import { Theme, type ThemeChoice } from '../util/theme.ts';
import { Connection } from './connection.ts';
import { HelpSheet } from './help-sheet.ts';

const THEME_ICONS: Readonly<Record<ThemeChoice, IconName>> = {
  system: 'monitor',
  dark: 'moon',
  light: 'sun',
};

@Component({
  selector: 'am-root',
  imports: [RouterOutlet, RouterLink, RouterLinkActive, Icon, Connection, HelpSheet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './shell.html',
  styleUrl: './shell.css',
})
export class Shell {
  readonly #texts = inject(Texts);
  readonly #router = inject(Router);
  readonly #theme = inject(Theme);
  protected readonly t = this.#texts.t;
  protected readonly language = this.#texts.language;
  protected readonly languages = LANGUAGES.map((id) => ({ id, name: LANGUAGE_NAMES[id] }));
  protected readonly lost = computed(() => this.#live.state() === 'lost');
  protected readonly waiting = inject(ApprovalsStore).waiting;
  protected readonly helpOpen = signal(false);
  protected readonly themeIcon = computed(() => THEME_ICONS[this.#theme.choice()]);
  protected readonly themeText = computed(() => this.t().settings.theme[this.#theme.choice()]);
  readonly #live = inject(Live);

  constructor() {
    keys({
      'g r': () => void this.#router.navigateByUrl('/runs'),
      'g a': () => void this.#router.navigateByUrl('/agents'),
      'g t': () => {
        this.cycleTheme();
      },
      '?': () => {
        this.helpOpen.set(true);
      },
    });
  }

  protected cycleTheme(): void {
    this.#theme.cycle();
  }

  protected setLanguage(word: string): void {
    const known: Language | undefined = LANGUAGES.find((id) => id === word);
    if (known !== undefined) this.language.set(known);
  }

  protected skip(event: Event): void {
    event.preventDefault();
    document.querySelector('main')?.focus();
  }
}
