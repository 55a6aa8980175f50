// Asks before a run is cancelled, because a cancelled run cannot be resumed.
import { ChangeDetectionStrategy, Component, output } from '@angular/core';
import { Modal } from '../../ui/modal.ts';
import { texts } from '../../util/texts/texts.ts';

@Component({
  selector: 'am-cancel-dialog',
  imports: [Modal],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<am-modal #modal [label]="t().run.cancelTitle" (closed)="closed.emit()">
    <form method="dialog" (submit)="$event.preventDefault(); confirmed.emit(reason.value.trim())">
      <p>{{ t().run.cancelText }}</p>
      <label>
        <span>{{ t().run.cancelReason }}</span>
        <input #reason class="field" maxlength="500" autocomplete="off" />
      </label>
      <footer>
        <button class="button" type="button" (click)="modal.close()">{{ t().run.keep }}</button>
        <button class="button danger fill" type="submit">{{ t().run.cancelConfirm }}</button>
      </footer>
    </form>
  </am-modal>`,
  styles: `
    form {
      display: grid;
      gap: 14px;
      padding: 16px 18px 18px;
    }
    label {
      display: grid;
      gap: 4px;
      color: var(--dim);
      font-size: var(--size-s);
    }
    footer {
      display: flex;
      gap: 8px;
      justify-content: flex-end;
    }
    .fill {
      border-color: transparent;
      background: light-dark(#c2213d, #d6304e);
      color: #fff;
    }
    .fill:hover {
      filter: brightness(1.08);
      background: light-dark(#c2213d, #d6304e) !important;
    }
  `,
})
export class CancelDialog {
  readonly closed = output();
  /** The reason, which may be empty. */
  readonly confirmed = output<string>();
  protected readonly t = texts();
}
