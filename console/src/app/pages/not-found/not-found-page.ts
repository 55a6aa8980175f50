// For addresses that lead nowhere.
import { ChangeDetectionStrategy, Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { EmptyState } from '../../ui/empty-state.ts';
import { texts } from '../../util/texts/texts.ts';

@Component({
  selector: 'am-not-found-page',
  imports: [RouterLink, EmptyState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<am-empty icon="mesh" [title]="t().notFound.title" [text]="t().notFound.text">
    <a class="button" routerLink="/runs">{{ t().notFound.home }}</a>
  </am-empty>`,
  styles: `
    :host {
      display: grid;
      height: 100%;
    }
  `,
})
export class NotFoundPage {
  protected readonly t = texts();
}
