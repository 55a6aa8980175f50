// Statements that Kysely compiles once and better-sqlite3 runs ever after: typed like Kysely, as fast as prepared SQL.
import type { Database, Statement as Prepared } from 'better-sqlite3';
import type { CompiledQuery, Kysely, sql as sqlTag } from 'kysely';
import { MeshError } from '#machines/nouns/error';
import { kysely } from './kysely.ts';
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

let builder: Kysely<Schema> | undefined;

/** Builds queries without a connection: only their SQL is wanted. */
const queryBuilder = (): Kysely<Schema> => {
  const { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } = kysely();
  return (builder ??= new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }));
};

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

interface Ready<P extends Params> {
  readonly prepared: Prepared;
  /** What is bound, in the order of the question marks. */
  readonly values: (params: P) => Bindable[];
}

/** A request may still be read when the daemon goes down: it hears that, and not that something went wrong inside. */
const statementFrom = <P extends Params, R>(db: Database, ready: () => Ready<P>): Statement<P, R> => {
  const asked = <A>(ask: (prepared: Prepared, values: readonly Bindable[]) => A, params: P): A => {
    try {
      const { prepared, values } = ready();
      return ask(prepared, values(params));
    } catch (error) {
      throw db.open ? error : new MeshError('stopping', undefined, {}, { cause: error });
    }
  };
  return {
    run: (params) => asked((prepared, values) => prepared.run(...values).changes, params),
    get: (params) => asked((prepared, values) => prepared.get(...values) as R | undefined, params),
    all: (params) => asked((prepared, values) => prepared.all(...values) as R[], params),
  };
};

/** What prepares the statements of a database that were made and not used yet; null when each is prepared at once. */
const unused = new WeakMap<Database, Set<() => unknown> | null>();

/**
 * A query, compiled and prepared on `db` when it is first used, at the latest by prepareStatements.
 * `statement<{ id: string }>()(db, (k) => k.selectFrom('events').selectAll().where('id', '=', param('id')))`
 */
export const statement =
  <P extends Params>() =>
  <R>(
    db: Database,
    build: (kysely: Kysely<Schema>, sql: typeof sqlTag) => Compilable<R>,
  ): Statement<P, R> => {
    const prepare = (): Ready<P> => {
      const { sql, parameters } = build(queryBuilder(), kysely().sql).compile();
      const bind = parameters.map((value) =>
        value instanceof Parameter
          ? (params: P): Bindable => params[value.name] ?? null
          : (): Bindable => value as Bindable,
      );
      return { prepared: db.prepare(sql), values: (params) => bind.map((read) => read(params)) };
    };
    let waiting = unused.get(db);
    if (waiting === undefined) unused.set(db, (waiting = new Set()));
    let ready = waiting === null ? prepare() : undefined;
    const first = (): Ready<P> => {
      ready = prepare();
      waiting?.delete(first);
      return ready;
    };
    if (ready === undefined) waiting?.add(first);
    return statementFrom(db, () => ready ?? first());
  };

/** Prepares what was made on `db` and not used yet, and from now on at once: so that no request waits for it. */
export const prepareStatements = (db: Database): void => {
  for (const first of unused.get(db) ?? []) first();
  unused.set(db, null);
};

/**
 * A query written out in SQL, with a question mark for each of `names`: for the few that every start asks, which then
 * does without Kysely. The columns of R are checked by nobody: keep to `select *` and the rows of the schema.
 */
export const writtenStatement = <P extends Params, R>(
  db: Database,
  text: string,
  names: readonly (keyof P & string)[],
): Statement<P, R> => {
  const ready: Ready<P> = {
    prepared: db.prepare(text),
    values: (params) => names.map((name) => params[name] ?? null),
  };
  return statementFrom(db, () => ready);
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
