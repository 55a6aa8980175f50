// The agents of the mesh: who is here, what they can do, how well they answer, and what is wrong with those that do not.
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  inject,
  signal,
  viewChild,
} from '@angular/core';
import { AgentsStore } from '../../data/agents-store.ts';
import { Command } from '../../ui/command.ts';
import { EmptyState } from '../../ui/empty-state.ts';
import { Icon } from '../../ui/icon.ts';
import { ProblemNote } from '../../ui/problem-note.ts';
import { StatusPill } from '../../ui/status-pill.ts';
import { When } from '../../ui/when.ts';
import { Format } from '../../util/format.ts';
import { keys } from '../../util/keys.ts';
import { texts } from '../../util/texts/texts.ts';
import { AgentDetails } from './agent-details.ts';

/** Skills shown in a row; the rest is counted. */
const SKILLS = 3;

@Component({
  selector: 'am-agents-page',
  imports: [AgentDetails, Command, EmptyState, Icon, ProblemNote, StatusPill, When],
  providers: [AgentsStore],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './agents-page.html',
  styleUrl: './agents-page.css',
})
export class AgentsPage {
  protected readonly t = texts();
  protected readonly store = inject(AgentsStore);
  protected readonly text = signal('');
  protected readonly selected = signal<string | null>(null);
  readonly #format = inject(Format);
  private readonly search = viewChild.required<ElementRef<HTMLInputElement>>('search');

  protected readonly rows = computed(() => {
    const text = this.text().trim().toLowerCase();
    const { sources, trustChips } = this.t().agents;
    return this.store
      .agents()
      .filter(
        (agent) =>
          text === '' ||
          [
            agent.name,
            ...agent.aliases,
            agent.kind,
            agent.endpoint,
            ...agent.skills.map(({ name }) => name),
          ].some((part) => part.toLowerCase().includes(text)),
      )
      .map((agent) => ({
        agent,
        latency: agent.latency_ms === null ? null : this.#format.duration()(agent.latency_ms),
        skills: agent.skills.slice(0, SKILLS),
        moreSkills: Math.max(0, agent.skills.length - SKILLS),
        allSkills: agent.skills.map(({ name }) => name).join(', '),
        sources: [...new Set(agent.provenance.map(({ source }) => sources[source]))].join(', '),
        trust: agent.trust === 'trusted' ? null : trustChips[agent.trust],
      }));
  });
  protected readonly details = computed(
    () => this.store.agents().find(({ name }) => name === this.selected()) ?? null,
  );

  constructor() {
    const move = (by: number) => (): void => {
      const rows = this.rows();
      const at = rows.findIndex(({ agent }) => agent.name === this.selected());
      const next = rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : at + by];
      if (next !== undefined) this.selected.set(next.agent.name);
    };
    keys({
      j: move(1),
      k: move(-1),
      ArrowDown: move(1),
      ArrowUp: move(-1),
      '/': () => {
        this.search().nativeElement.focus();
      },
      Escape: (event) => {
        if (event.target === this.search().nativeElement) this.search().nativeElement.blur();
        else this.selected.set(null);
      },
    });
  }

  protected choose(name: string): void {
    this.selected.update((now) => (now === name ? null : name));
  }
}
