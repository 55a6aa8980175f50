// Starts a team: choose a template, fill in its inputs, see what the daemon says at the field that it says it about.
import { ChangeDetectionStrategy, Component, computed, inject, output, signal } from '@angular/core';
import { API } from '../../data/api.ts';
import { type ShownProblem, shownProblem } from '../../data/problem.ts';
import { EmptyState } from '../../ui/empty-state.ts';
import { Icon } from '../../ui/icon.ts';
import { Modal } from '../../ui/modal.ts';
import { ProblemNote } from '../../ui/problem-note.ts';
import { texts } from '../../util/texts/texts.ts';
import { fieldsNamed, initialText, isRequired, ofInput, readForm, type Template } from './start-form.ts';

@Component({
  selector: 'am-start-team',
  imports: [EmptyState, Icon, Modal, ProblemNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './start-team.html',
  styleUrl: './start-team.css',
})
export class StartTeam {
  readonly closed = output();
  /** The id of the run that began. */
  readonly started = output<string>();
  protected readonly t = texts();
  protected readonly templates = signal<readonly Template[] | null>(null);
  protected readonly chosen = signal<Template | null>(null);
  protected readonly problem = signal<ShownProblem | null>(null);
  protected readonly busy = signal(false);
  protected readonly shown = signal(false);
  readonly #texts = signal<Readonly<Record<string, string>>>({});
  readonly #api = inject(API);
  /** One key a form: pressing twice, or again after a lost answer, starts one run. */
  #key = crypto.randomUUID();

  protected readonly fields = computed(() => {
    const template = this.chosen();
    if (template === null) return [];
    const { errors } = this.#read();
    const problem = this.problem();
    const named = problem === null ? [] : fieldsNamed(template, problem);
    return Object.entries(template.inputs).map(([name, input]) => {
      const error = ofInput(errors, name);
      const own = this.shown() && error !== undefined ? this.t().start[error] : null;
      return {
        name,
        input,
        required: isRequired(input),
        text: ofInput(this.#texts(), name) ?? initialText(input),
        error: own ?? (named.includes(name) && problem !== null ? problem.message : null),
      };
    });
  });
  protected readonly general = computed(() => {
    const problem = this.problem();
    const template = this.chosen();
    if (problem === null) return null;
    return template !== null && fieldsNamed(template, problem).length > 0 ? null : problem;
  });
  readonly #read = computed(() => {
    const template = this.chosen();
    return template === null ? { inputs: {}, errors: {} } : readForm(template, this.#texts());
  });

  constructor() {
    this.#api.call('templates.list').then(
      (templates) => {
        this.templates.set(templates);
        const [first] = templates;
        if (first !== undefined) this.choose(first);
      },
      (error: unknown) => {
        this.templates.set([]);
        this.problem.set(shownProblem(error));
      },
    );
  }

  protected choose(template: Template): void {
    this.chosen.set(template);
    this.#texts.set({});
    this.#changed();
    this.shown.set(false);
    const [first] = Object.keys(template.inputs);
    // Once the fields of this template are in the page.
    if (first !== undefined) setTimeout(() => document.getElementById(`input-${first}`)?.focus());
  }

  protected type(name: string, text: string): void {
    this.#texts.update((all) => ({ ...all, [name]: text }));
    this.#changed();
  }

  protected submit(event: Event): void {
    event.preventDefault();
    this.shown.set(true);
    const template = this.chosen();
    const { inputs, errors } = this.#read();
    if (template === null || this.busy()) return;
    const [wrong] = Object.keys(errors);
    if (wrong !== undefined) {
      document.getElementById(`input-${wrong}`)?.focus();
      return;
    }
    this.busy.set(true);
    this.problem.set(null);
    this.#api
      .call('team-runs.start', {
        body: { template: { name: template.name }, inputs: { ...inputs } },
        idempotencyKey: this.#key,
      })
      .then(
        (run) => {
          this.started.emit(run.team_run_id);
        },
        (error: unknown) => {
          this.problem.set(shownProblem(error));
        },
      )
      .finally(() => {
        this.busy.set(false);
      });
  }

  #changed(): void {
    this.problem.set(null);
    this.#key = crypto.randomUUID();
  }
}
