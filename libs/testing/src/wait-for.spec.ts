import { describe, expect, it } from '@jest/globals';
import { waitFor } from './wait-for.js';

describe('waitFor', () => {
  it('returns the first value that is neither undefined nor false', async () => {
    const answers = [undefined, false, 0] as const;
    let asked = 0;
    expect(await waitFor('a zero', async () => answers[asked++])).toBe(0);
    expect(asked).toBe(3);
  });

  it('names what it waited for and keeps the last error as the cause', async () => {
    const cause = new Error('refused');
    await expect(waitFor('a port', () => Promise.reject(cause), 30)).rejects.toMatchObject({
      message: 'waited 30 ms in vain for: a port',
      cause,
    });
  });
});
