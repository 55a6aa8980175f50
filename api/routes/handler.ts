// What a route’s handler gets and gives. Guards have run: its values are checked and its caller may do this.
import type { Caller, Engine } from '#engine/index';
import type { RouteId } from '../contract/routes.ts';
import type { RouteAnswer } from '../contract/shapes.ts';
import type { RouteRequest } from '../guard/validate.ts';
import type { Streams } from '../sse/streams.ts';
import type { JsonText, OpenStream } from './answer.ts';

export interface Ask<R extends RouteId> extends RouteRequest<R> {
  readonly engine: Engine;
  readonly caller: Caller;
  readonly streams: Streams;
  /** Idempotency-Key, on routes that take one. */
  readonly idempotencyKey: string | undefined;
  /** Last-Event-ID, checked to be a seq. */
  readonly lastEventId: number | undefined;
}

/** Answers are only read on their way out. */
type DeepReadonly<T> = T extends (infer I)[]
  ? readonly DeepReadonly<I>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

export type Answer<R extends RouteId> = DeepReadonly<RouteAnswer<R>> | JsonText | OpenStream;
export type Handler<R extends RouteId> = (ask: Ask<R>) => Answer<R> | Promise<Answer<R>>;
export type Handlers<R extends RouteId = RouteId> = { readonly [K in R]: Handler<K> };

/** The members that are there: optional members of the engine’s options do not take undefined. */
export const given = <T extends object>(
  members: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<T>
  >;
