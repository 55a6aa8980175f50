// How many calls are performed in this process at once, where the queue hands over more because workers perform most of them.

export interface LocalPlaces {
  /** Runs work in a place, in the order of asking; at once while one is free. */
  within<T>(work: () => Promise<T>): Promise<T>;
}

/** `count` places. */
export const createLocalPlaces = (count: number): LocalPlaces => {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    within: async (work) => {
      if (free > 0) free -= 1;
      else
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // The place goes to the next one without being free in between.
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
};
