import type { SafeFields } from '@tenantry/kernel';

/** How a domain error's code is answered. */
export interface ProblemEntry {
  readonly status: number;
  /** The same for every occurrence; what is particular is the error's message. */
  readonly title: string;
  /** Headers that belong to the answer, from the error's fields. */
  readonly headers?: (fields: SafeFields) => Readonly<Record<string, string>>;
}

/**
 * Maps every code of a union to its answer. Declare an app's part as `ProblemCatalogue<MyCode>`:
 * a code without an entry, or an entry without a code, then fails to compile.
 */
export type ProblemCatalogue<Code extends string = string> = Readonly<Record<Code, ProblemEntry>>;

/** The codes that this library itself answers with. */
export type ServiceProblemCode =
  | 'bad-request'
  | 'validation-failed'
  | 'malformed-json'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'route-not-found'
  | 'method-not-allowed'
  | 'payload-too-large'
  | 'unsupported-media-type'
  | 'precondition-failed'
  | 'precondition-required'
  | 'request-refused'
  | 'not-ready'
  | 'unavailable'
  | 'internal-error';

export const SERVICE_PROBLEMS: ProblemCatalogue<ServiceProblemCode> = {
  'bad-request': { status: 400, title: 'Bad request' },
  'validation-failed': { status: 400, title: 'The request has invalid values' },
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  unauthenticated: {
    status: 401,
    title: 'No valid credential',
    headers: () => ({ 'WWW-Authenticate': 'Bearer' }),
  },
  forbidden: { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'route-not-found': { status: 404, title: 'No such route' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    headers: ({ allowed }) => ({ Allow: Array.isArray(allowed) ? allowed.join(', ') : '' }),
  },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported content type' },
  'precondition-failed': { status: 412, title: 'The resource has changed' },
  'precondition-required': { status: 428, title: 'If-Match is required' },
  'request-refused': { status: 400, title: 'The request was refused' },
  'not-ready': { status: 503, title: 'Not ready' },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    headers: () => ({ 'Retry-After': '1' }),
  },
  'internal-error': { status: 500, title: 'Internal error' },
};

/** The stable type URI of a problem code. */
export function problemType(code: string): string {
  return `urn:tenantry:problem:${code}`;
}
