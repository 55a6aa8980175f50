// The person has left, the run goes on.

export class Detached extends Error {
  readonly id: string;

  constructor(id: string) {
    super(`left running as ${id}`);
    this.name = 'Detached';
    this.id = id;
  }
}
