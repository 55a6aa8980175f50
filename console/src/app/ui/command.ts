// A command to copy into a terminal, with what it does.
import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { CopyButton } from './copy-button.ts';

@Component({
  selector: 'am-command',
  imports: [CopyButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `@if (what(); as what) {
      <span class="what">{{ what }}</span>
    }
    <code>{{ command() }}</code>
    <am-copy [text]="command()" />`,
  styles: `
    :host {
      display: flex;
      align-items: center;
      gap: 10px;
      width: 100%;
      height: 36px;
      padding: 0 6px 0 12px;
      border: 1px solid var(--hairline);
      border-radius: var(--radius);
      background: var(--panel);
      text-align: left;
    }
    .what {
      flex: none;
      width: 136px;
      color: var(--dim);
      font-size: var(--size-s);
    }
    code {
      flex: 1;
      overflow: hidden;
      color: var(--text);
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    @media (width < 480px) {
      :host {
        flex-wrap: wrap;
        gap: 0 8px;
        height: auto;
        padding: 6px 6px 6px 12px;
      }
      .what {
        width: 100%;
      }
    }
  `,
})
export class Command {
  /** Nothing where the text around it says it. */
  readonly what = input('');
  readonly command = input.required<string>();
}
