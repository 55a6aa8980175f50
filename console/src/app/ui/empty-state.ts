// A place with nothing in it yet: says so, and what to do.
import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { Icon } from './icon.ts';
import type { IconName } from './icons.ts';

@Component({
  selector: 'am-empty',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <span class="glyph"><am-icon [name]="icon()" [size]="22" /></span>
    <h2>{{ title() }}</h2>
    <p>{{ text() }}</p>
    <div class="actions"><ng-content /></div>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      align-items: center;
      align-self: center;
      justify-self: center;
      max-width: 460px;
      margin: auto;
      padding: 32px 20px;
      text-align: center;
    }
    .glyph {
      display: grid;
      width: 48px;
      height: 48px;
      margin-bottom: 14px;
      border: 1px solid var(--hairline-strong);
      border-radius: 12px;
      background: var(--raised);
      color: var(--dim);
      place-items: center;
    }
    h2 {
      margin-bottom: 4px;
      font-size: var(--size-l);
    }
    p {
      color: var(--dim);
      text-wrap: balance;
    }
    .actions {
      display: flex;
      flex-direction: column;
      gap: 8px;
      align-items: center;
      width: 100%;
      margin-top: 18px;
    }
    .actions:empty {
      display: none;
    }
  `,
})
export class EmptyState {
  readonly icon = input.required<IconName>();
  readonly title = input.required<string>();
  readonly text = input('');
}
