import type { ProcessSlot } from '../chaos/process-slot.ts';
import type { Upheaval } from './under-load.ts';

/** Restarts one process after the other, round and round, until the time is over and each has had its turn. */
export function rollingRestart(seconds: number): Upheaval {
  return async ({ slots, restart, elapsedMs }) => {
    do {
      for (const slot of slots) await restart(slot);
    } while (elapsedMs() < seconds * 1000);
  };
}

/** The same once and in two waves, for when there is little time: the first of each kind together, then the others. */
export const rollingWaves: Upheaval = async ({ slots, restart }) => {
  const isSecond = ({ place }: ProcessSlot) => place.name.endsWith('-2');
  await Promise.all(slots.filter((slot) => !isSecond(slot)).map((slot) => restart(slot)));
  await Promise.all(slots.filter(isSecond).map((slot) => restart(slot)));
};
