// A dialog over the page: the browser's own <dialog>, so focus is kept inside and Escape closes it.
import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  type ElementRef,
  input,
  output,
  viewChild,
} from '@angular/core';
import { texts } from '../util/texts/texts.ts';
import { Icon } from './icon.ts';

@Component({
  selector: 'am-modal',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<dialog
    #dialog
    [attr.aria-label]="label()"
    [class.wide]="wide()"
    (close)="closed.emit()"
    closedby="any"
  >
    <div class="frame">
      <header>
        <h2>{{ label() }}</h2>
        <button
          class="button quiet icon"
          type="button"
          [attr.aria-label]="t().keys.close"
          (click)="dialog.close()"
        >
          <am-icon name="close" />
        </button>
      </header>
      <ng-content />
    </div>
  </dialog>`,
  styles: `
    dialog {
      width: min(460px, calc(100vw - 24px));
      max-height: min(86dvh, 760px);
      padding: 0;
      border: 1px solid var(--hairline-strong);
      border-radius: var(--radius-l);
      background: var(--panel);
      color: var(--text);
      box-shadow: var(--shadow);
      overflow: hidden;
    }
    dialog.wide {
      width: min(640px, calc(100vw - 24px));
    }
    dialog::backdrop {
      background: rgb(8 9 12 / 55%);
      backdrop-filter: blur(2px);
    }
    .frame {
      display: flex;
      flex-direction: column;
      max-height: inherit;
    }
    header {
      display: flex;
      flex: none;
      align-items: center;
      justify-content: space-between;
      height: 48px;
      padding: 0 10px 0 18px;
      border-bottom: 1px solid var(--hairline);
    }
    h2 {
      font-size: var(--size-l);
    }
  `,
})
export class Modal {
  readonly label = input.required<string>();
  readonly wide = input(false);
  readonly closed = output();
  protected readonly t = texts();
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');

  constructor() {
    afterNextRender(() => {
      this.dialog().nativeElement.showModal();
    });
  }

  /** Closes it as Escape does. */
  close(): void {
    this.dialog().nativeElement.close();
  }
}
