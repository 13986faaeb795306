/**
 * Runs checks one after the other, prints a line for each, what is wrong below it, and at last how many passed and failed.
 *
 * @param {Record<string, () => Promise<unknown>>} checks by what they say; a check that rejects has failed. What one that passed has to tell, it
 * resolves to as `{ note }`.
 * @returns {Promise<number>} how many failed.
 */
export async function reportChecks(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const startedAt = performance.now();
    const { note, error } = await check().then(
      (result) => ({ note: result?.note }),
      (reason) => ({ error: reason }),
    );
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${error ? 'FAIL' : 'ok  '} ${name} (${seconds} s)`);
    if (error) failed += 1;
    const text = error?.message ?? note;
    if (text) console.log(text.replace(/^/gm, '     '));
  }
  console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
  return failed;
}
