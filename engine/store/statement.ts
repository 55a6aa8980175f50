// Statements that Kysely compiles once and better-sqlite3 runs ever after: typed like Kysely, as fast as prepared SQL.
import type { Database, Statement as Prepared } from 'better-sqlite3';
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Schema } from './schema.ts';

/** What SQLite can bind. */
export type Bindable = string | number | null;

/** Stands in a query where a value comes at run time. */
class Parameter {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A named parameter, typed as the column that it stands for. */
export const param = <T extends Bindable>(name: string): T => new Parameter(name) as unknown as T;

/** Builds queries without a connection: only their SQL is wanted. */
const builder = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

type Params = Readonly<Record<string, Bindable>>;

/** A prepared query. All calls are synchronous. */
export interface Statement<P extends Params, R> {
  /** Runs it; answers how many rows changed. */
  run(params: P): number;
  /** First row, or undefined. */
  get(params: P): R | undefined;
  all(params: P): R[];
}

interface Compilable<R> {
  compile(): CompiledQuery<R>;
}

/**
 * Compiles a query and prepares it on `db`.
 * `statement<{ id: string }>()(db, (k) => k.selectFrom('events').selectAll().where('id', '=', param('id')))`
 */
export const statement =
  <P extends Params>() =>
  <R>(db: Database, build: (kysely: Kysely<Schema>) => Compilable<R>): Statement<P, R> => {
    const { sql, parameters } = build(builder).compile();
    const bind = parameters.map((value) =>
      value instanceof Parameter
        ? (params: P): Bindable => params[value.name] ?? null
        : (): Bindable => value as Bindable,
    );
    const prepared: Prepared = db.prepare(sql);
    const values = (params: P): Bindable[] => bind.map((read) => read(params));
    return {
      run: (params) => prepared.run(...values(params)).changes,
      get: (params) => prepared.get(...values(params)) as R | undefined,
      all: (params) => prepared.all(...values(params)) as R[],
    };
  };

/**
 * A query that differs by which of its parameters are given: one statement for each set of them, so that SQLite sees
 * what is asked and takes its index. `(? IS NULL OR column = ?)` reads the whole table. A parameter that is null is absent.
 */
export const statementOf = <P extends Params, R>(
  db: Database,
  build: (kysely: Kysely<Schema>, given: (name: keyof P & string) => boolean) => Compilable<R>,
): Pick<Statement<P, R>, 'all'> => {
  const prepared = new Map<string, Statement<P, R>>();
  return {
    all: (params) => {
      const given = Object.keys(params).filter((name) => params[name] !== null);
      const shape = given.sort().join();
      const query =
        prepared.get(shape) ?? statement<P>()(db, (k) => build(k, (name) => given.includes(name)));
      prepared.set(shape, query);
      return query.all(params);
    },
  };
};
