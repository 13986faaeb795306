/** Nobody is to forget an exception for longer. */
const LONGEST_DAYS = 180;
const DAY_MS = 86_400_000;

/**
 * @typedef {{ package: string, reason: string, until: string }} Exception why an advisory may stand for a while, by its id (`GHSA-…`).
 */

/**
 * What is wrong with the list of exceptions itself: it says of each which package, why, and until when, half a year ahead at most.
 *
 * @param {Record<string, Exception>} exceptions
 * @param {Date} now
 * @returns {string[]}
 */
export function problemsOfExceptions(exceptions, now) {
  return Object.entries(exceptions).flatMap(([id, { package: name, reason, until }]) => {
    const problems = [];
    if (!/^GHSA(-[0-9a-z]{4}){3}$/.test(id)) problems.push('is no id of an advisory');
    if (!name) problems.push('names no package');
    if (!(reason?.length > 20)) problems.push('gives no reason');
    const end = /^\d{4}-\d{2}-\d{2}$/.test(until ?? '') ? Date.parse(until) : Number.NaN;
    if (Number.isNaN(end)) problems.push('does not say until when (YYYY-MM-DD)');
    else if (end < now.getTime()) problems.push(`has ended on ${until}: upgrade, or say why not yet`);
    else if (end > now.getTime() + LONGEST_DAYS * DAY_MS)
      problems.push(`lasts longer than ${LONGEST_DAYS} days`);
    return problems.map((problem) => `the exception ${id} ${problem}`);
  });
}
