// The sheet of keyboard shortcuts (`?`).
import { ChangeDetectionStrategy, Component, computed, output } from '@angular/core';
import { Modal } from '../ui/modal.ts';
import { texts } from '../util/texts/texts.ts';

@Component({
  selector: 'am-help-sheet',
  imports: [Modal],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<am-modal [label]="t().keys.title" [wide]="true" (closed)="closed.emit()">
    <div class="groups">
      @for (group of groups(); track group.title) {
        <section>
          <h3>{{ group.title }}</h3>
          <dl>
            @for (line of group.lines; track line.text) {
              <div>
                <dt>{{ line.text }}</dt>
                <dd>
                  @for (key of line.keys; track $index) {
                    <kbd>{{ key }}</kbd>
                  }
                </dd>
              </div>
            }
          </dl>
        </section>
      }
    </div>
  </am-modal>`,
  styles: `
    .groups {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(240px, 1fr));
      gap: 20px 32px;
      padding: 16px 18px 22px;
      overflow: auto;
    }
    h3 {
      margin-bottom: 6px;
      color: var(--dim);
      font-size: var(--size-xs);
      letter-spacing: 0.04em;
      text-transform: uppercase;
    }
    dl > div {
      display: flex;
      align-items: center;
      justify-content: space-between;
      gap: 12px;
      min-height: 28px;
      border-bottom: 1px solid var(--hairline);
    }
    dd {
      display: flex;
      flex: none;
      gap: 4px;
    }
  `,
})
export class HelpSheet {
  readonly closed = output();
  protected readonly t = texts();
  protected readonly groups = computed(() => {
    const { keys, chart } = this.t();
    return [
      {
        title: keys.everywhere,
        lines: [
          { text: keys.goRuns, keys: ['g', 'r'] },
          { text: keys.goAgents, keys: ['g', 'a'] },
          { text: keys.search, keys: ['/'] },
          { text: keys.theme, keys: ['g', 't'] },
          { text: keys.help, keys: ['?'] },
          { text: keys.close, keys: ['Esc'] },
        ],
      },
      {
        title: keys.lists,
        lines: [
          { text: keys.down, keys: ['j', '↓'] },
          { text: keys.up, keys: ['k', '↑'] },
          { text: keys.open, keys: ['↵'] },
          { text: keys.newRun, keys: ['n'] },
        ],
      },
      {
        title: keys.runPage,
        lines: [
          { text: keys.pause, keys: ['p'] },
          { text: keys.end, keys: ['e'] },
          { text: keys.swap, keys: ['\\'] },
        ],
      },
      {
        title: keys.chart,
        lines: [
          { text: chart.keys.zoom, keys: ['+', '−'] },
          { text: chart.keys.fit, keys: ['0'] },
          { text: chart.keys.direction, keys: ['d'] },
          { text: chart.keys.move, keys: ['⇧', '←↑→↓'] },
        ],
      },
    ];
  });
}
