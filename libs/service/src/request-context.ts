import { AsyncLocalStorage } from 'node:async_hooks';
import { newId } from '@tenantry/kernel';
import type { Actor } from './actor.js';
import type { HttpRequest, HttpResponse, NextFunction } from './http-message.js';
import { addLogFields, withLogFields } from './log-context.js';
import { Unauthenticated } from './request-errors.js';
import { startRequestSpan, type RequestSpan } from './telemetry/request-span.js';
import { continueTrace, type TraceContext } from './telemetry/trace-context.js';

/** What is known about the request being served. */
export interface RequestContext extends TraceContext {
  /** The caller's `X-Request-Id` when it is a plain token of at most 128 characters, else a new UUIDv7. */
  readonly requestId: string;
  /** Set once the guard has authenticated the caller. */
  readonly actor?: Actor;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;
const storage = new AsyncLocalStorage<RequestContext>();
// Errors of middleware that ran before the context was entered still need the ids.
const contexts = new WeakMap<object, RequestContext>();

function contextFor(request: HttpRequest, span?: RequestSpan): RequestContext {
  const given = request.headers['x-request-id'];
  const parent = request.headers.traceparent;
  return {
    requestId: typeof given === 'string' && REQUEST_ID.test(given) ? given : newId(),
    ...(span?.place ?? continueTrace(typeof parent === 'string' ? parent : undefined)),
  };
}

/** Express middleware: opens the request's context and names the request in the answer (`X-Request-Id`). */
export function requestContextMiddleware(
  request: HttpRequest,
  response: HttpResponse,
  next: NextFunction,
): void {
  const span = startRequestSpan(request, response);
  const context = contextFor(request, span);
  contexts.set(request, context);
  response.setHeader('X-Request-Id', context.requestId);
  withLogFields({ requestId: context.requestId, traceId: context.traceId }, () => {
    storage.run(context, () => (span ? span.run(next) : next()));
  });
}

/** The context of a given request, also where the asynchronous context was lost or never entered. */
export function requestContextOf(request: HttpRequest): RequestContext {
  const known = contexts.get(request);
  if (known) return known;
  const context = contextFor(request);
  contexts.set(request, context);
  return context;
}

/** The context of the request being served, or `undefined` outside of one (workers, boot). */
export function currentRequestContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Who is calling. @throws Unauthenticated outside of an authenticated request. */
export function currentActor(): Actor {
  const actor = storage.getStore()?.actor;
  if (!actor) throw new Unauthenticated();
  return actor;
}

/** Notes who the caller is; for the guard alone. */
export function setActor(request: HttpRequest, actor: Actor): void {
  Object.assign(requestContextOf(request), { actor });
  addLogFields({ actorId: actor.id });
}
