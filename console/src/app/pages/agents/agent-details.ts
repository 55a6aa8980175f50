// One agent in full: where it is, what it can do, where we heard of it, and its card as it was fetched.
import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import type { Agent } from '#machines/nouns/agent';
import { Command } from '../../ui/command.ts';
import { CopyButton } from '../../ui/copy-button.ts';
import { Icon } from '../../ui/icon.ts';
import { StatusPill } from '../../ui/status-pill.ts';
import { TextBlock } from '../../ui/text-block.ts';
import { Format } from '../../util/format.ts';
import { texts } from '../../util/texts/texts.ts';

@Component({
  selector: 'am-agent-details',
  imports: [Command, CopyButton, Icon, StatusPill, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let one = agent();
    <header>
      <h2>{{ one.name }}</h2>
      <am-status [word]="one.presence" [pill]="true" />
      <span class="space"></span>
      <button
        class="button quiet icon"
        type="button"
        [attr.aria-label]="t().agents.close"
        (click)="closed.emit()"
      >
        <am-icon name="close" [size]="14" />
      </button>
    </header>
    <div class="body">
      @if (one.trust !== 'trusted') {
        <section class="doubt">
          <p>{{ t().agents.trustFirst[one.trust] }}</p>
          <am-command [command]="trustCommand()" />
        </section>
      }
      @if (one.problem) {
        <am-text-block [value]="one.problem" [bad]="true" />
      }
      @if (one.description) {
        <p class="about">{{ one.description }}</p>
      }
      <dl class="facts">
        <dt>{{ t().agents.endpoint }}</dt>
        <dd class="mono">
          <span class="ellipsis" [title]="one.endpoint">{{ one.endpoint }}</span><am-copy
            [text]="one.endpoint"
          />
        </dd>
        <dt>{{ t().agents.columns.kind }}</dt>
        <dd>{{ one.kind }}</dd>
        @if (one.version) {
          <dt>{{ t().agents.version }}</dt>
          <dd>{{ one.version }}</dd>
        }
        @if (one.protocol) {
          <dt>{{ t().agents.protocol }}</dt>
          <dd>{{ one.protocol }}</dd>
        }
        <dt>{{ t().agents.firstSeen }}</dt>
        <dd>{{ firstSeen() }}</dd>
        <dt>{{ t().agents.columns.lastSeen }}</dt>
        <dd>{{ lastSeen() }}</dd>
        @if (one.aliases.length > 0) {
          <dt>{{ t().agents.aliases }}</dt>
          <dd>{{ one.aliases.join(', ') }}</dd>
        }
        <dt>{{ t().agents.credential }}</dt>
        <dd>{{ one.has_credential ? t().agents.credentialKept : t().agents.credentialNone }}</dd>
        <dt>{{ t().agents.trust }}</dt>
        <dd>{{ t().agents.trustWords[one.trust] }}</dd>
        @if (one.card_signature) {
          <dt>{{ t().agents.signature }}</dt>
          <dd>{{ t().agents.signatureWords[one.card_signature] }}</dd>
        }
      </dl>
      @if (one.trust_changes.length > 0) {
        <h3 class="part">{{ t().agents.changed }}</h3>
        <ul>
          @for (change of one.trust_changes; track change.fact) {
            <li>
              <strong>{{ change.fact }}</strong>
              <span class="dim mono">{{ change.was ?? t().agents.absent }}</span>
              <span class="mono">→ {{ change.now ?? t().agents.absent }}</span>
            </li>
          }
        </ul>
      }
      <h3 class="part">{{ t().agents.columns.skills }}</h3>
      <ul>
        @for (skill of one.skills; track skill.id) {
          <li>
            <strong>{{ skill.name }}</strong> <span class="dim">{{ skill.description }}</span>
          </li>
        } @empty {
          <li class="dim">{{ t().agents.noSkills }}</li>
        }
      </ul>
      <h3 class="part">{{ t().agents.heardFrom }}</h3>
      <ul>
        @for (source of one.provenance; track $index) {
          <li>
            {{ t().agents.sources[source.source] }} <span class="dim mono">{{ source.detail }}</span>
          </li>
        }
      </ul>
      @if (one.card) {
        <h3 class="part">{{ t().agents.card }}</h3>
        <am-text-block [value]="one.card" />
      }
    </div>
  `,
  styles: `
    :host {
      display: flex;
      flex: none;
      flex-direction: column;
      width: 400px;
      min-height: 0;
      border-left: 1px solid var(--hairline);
      background: var(--panel);
    }
    header {
      display: flex;
      flex: none;
      align-items: center;
      gap: 10px;
      height: 48px;
      padding: 0 8px 0 16px;
      border-bottom: 1px solid var(--hairline);
    }
    h2 {
      font-size: var(--size-l);
    }
    .space {
      flex: 1;
    }
    .body {
      flex: 1;
      min-height: 0;
      padding: 14px 16px 24px;
      overflow: auto;
    }
    .doubt {
      display: grid;
      gap: 8px;
      margin-bottom: 12px;
      padding: 10px 12px;
      border: 1px solid color-mix(in srgb, var(--st-amber) 35%, var(--hairline));
      border-radius: var(--radius);
      background: color-mix(in srgb, var(--st-amber) 6%, var(--panel));
      font-size: var(--size-s);
    }
    .about {
      margin: 6px 0 10px;
    }
    li {
      display: flex;
      flex-wrap: wrap;
      gap: 0 8px;
      padding: 4px 0;
      font-size: var(--size-s);
      overflow-wrap: anywhere;
    }
    strong {
      font-weight: 550;
    }
    @media (width < 820px) {
      :host {
        position: fixed;
        z-index: 5;
        inset: var(--bar) 0 0;
        width: auto;
        border: 0;
      }
    }
  `,
})
export class AgentDetails {
  readonly agent = input.required<Agent>();
  readonly closed = output();
  protected readonly t = texts();
  readonly #format = inject(Format);
  /** A name may hold blanks; it never holds what a shell reads inside double quotes. */
  protected readonly trustCommand = computed(() => {
    const { name } = this.agent();
    return `npx agentmesh agents trust ${name.includes(' ') ? `"${name}"` : name}`;
  });
  protected readonly firstSeen = computed(() => this.#format.absolute()(this.agent().first_seen));
  protected readonly lastSeen = computed(() => {
    const seen = this.agent().last_seen;
    return seen === null ? this.t().agents.never : this.#format.absolute()(seen);
  });
}
