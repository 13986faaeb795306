import { DatabaseError } from 'pg';

const ATTEMPTS = 20;
/** `tuple concurrently updated`, unique_violation and duplicate_object: two sessions changed the same role at once. */
const RACES = ['XX000', '23505', '42710'];

/**
 * Does again what failed because another session changed the same role or database at that moment: such changes neither
 * wait for each other nor can they be locked out, since roles belong to the whole server.
 */
export async function withoutRaces(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !RACES.includes(error.code ?? '') || attempt === ATTEMPTS)
        throw error;
    }
  }
}
