import { problemsOfExceptions } from './exceptions.mjs';

const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'];

/** From which severity on an advisory stops us: of what is in the images, and of what only runs on developers' machines. */
const STOPS_FROM = { shipped: 'moderate', development: 'high' };

/**
 * @param {Awaited<ReturnType<typeof import('./npm-audit.mjs').advisories>>} advisories
 * @param {{ exceptions: Record<string, import('./exceptions.mjs').Exception>, shipped: Set<string>, now: Date }} options `shipped`: the folders of
 * packages that go into images.
 * @returns {{ problems: string[], passed: string[] }} what stops us, and what does not, in words.
 */
export function judge(advisories, { exceptions, shipped, now }) {
  const problems = problemsOfExceptions(exceptions, now);
  const passed = [];
  for (const { id, package: name, severity, title, url, folders } of advisories) {
    const kind = folders.some((folder) => shipped.has(folder)) ? 'shipped' : 'development';
    const text = `${severity}, ${kind === 'shipped' ? 'in the images' : 'for development'}: ${name}: ${title} (${url})`;
    const stops = SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(STOPS_FROM[kind]);
    const exception = exceptions[id]?.package === name ? exceptions[id] : undefined;
    if (!stops) passed.push(text);
    else if (exception) passed.push(`${text}, until ${exception.until}: ${exception.reason}`);
    else problems.push(text);
  }
  for (const [id, { package: name }] of Object.entries(exceptions))
    if (!advisories.some((advisory) => advisory.id === id && advisory.package === name))
      problems.push(`the exception ${id} is not needed any more: take it out`);
  return { problems, passed };
}
