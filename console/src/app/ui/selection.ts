// What is selected on the run page: a state of the chart, a line of the timeline, or nothing (then the run itself is shown).
export type Selection =
  { readonly type: 'state'; readonly id: string } | { readonly type: 'item'; readonly seq: number };
