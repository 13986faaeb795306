import type { IncomingMessage, Server } from 'node:http';

const malformed = new WeakSet<IncomingMessage>();

/**
 * Leads requests whose target is no URL through the middleware, as `/`: Express would answer them by itself, with a
 * page of HTML, before any of it. `sanityCheck` then refuses them.
 */
export function admitMalformedTargets(server: Server): void {
  server.prependListener('request', (request: IncomingMessage) => {
    if (isTarget(request.url ?? '')) return;
    malformed.add(request);
    request.url = '/';
  });
}

/** Whether the target was no URL when the request came in. */
export function hasMalformedTarget(request: IncomingMessage): boolean {
  return malformed.has(request);
}

/** A path, `*` (of OPTIONS), or an absolute URL as proxies send it. */
function isTarget(target: string): boolean {
  return target.startsWith('/') || target === '*' || (/^https?:\/\//i.test(target) && URL.canParse(target));
}
