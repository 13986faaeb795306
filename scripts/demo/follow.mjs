import { tell } from './timeline.mjs';
import { Watch } from './watch.mjs';

const TIMEOUT_MS = 60_000;
/** What is told of a participant before it has answered is that it was asked; the rest is what went wrong. */
const WORTH_TELLING = new Set([
  'asked',
  'working',
  'done',
  'failed',
  'failing',
  'overdue',
  'silent',
  'retired',
  'decided',
]);

/**
 * Watches a tenant until it is in a state and everybody has acknowledged that, and tells who is asked, who has answered and who is in the way.
 *
 * @param cut whether to cut the connection after the first news, to show that nothing is lost by it.
 * @returns the last explanation, and the watch.
 * @throws Error with the explanation's own words after a minute.
 */
export async function follow(control, tenant, state, { cut = false } = {}) {
  const watch = new Watch(control, tenant.id);
  let last;
  const timer = setTimeout(() => watch.close(), TIMEOUT_MS);
  try {
    for await (const explanation of watch.explanations()) {
      tellNews(tenant, last, explanation);
      last = explanation;
      if (explanation.state === state && explanation.operation.state === 'succeeded')
        return { explanation, watch };
      if (cut && watch.connections === 1) watch.cut();
    }
  } finally {
    clearTimeout(timer);
    watch.close();
  }
  throw new Error(
    `waited in vain for ${tenant.slug} to be ${state}: ${last?.summary ?? 'nothing was heard'}`,
  );
}

function tellNews(tenant, before, now) {
  if (before?.state !== now.state) {
    const from = before ? `${before.state} → ` : '';
    tell(tenant.slug, `${from}${now.state} (generation ${now.generation})`);
  }
  for (const part of now.participants) {
    const known = before?.participants.find(({ participant }) => participant === part.participant);
    const told = (one) => one && `${one.request} ${one.status} ${one.attempts} ${one.progress}`;
    if (!WORTH_TELLING.has(part.status) || told(known) === told(part)) continue;
    // At the first look, what was done before is no news.
    if (before || part.status !== 'done') tell(tenant.slug, wordsFor(part));
  }
}

function wordsFor({ participant, request, status, attempts, message }) {
  return status === 'asked' ? `${participant} is asked (attempt ${attempts}): ${request}` : message;
}
