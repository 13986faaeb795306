/** Where in a request a bad value was found. */
export type RequestPart = 'body' | 'query' | 'path' | 'header';

/** One bad value of a request. */
export interface FieldError {
  readonly in: RequestPart;
  /** JSON pointer (RFC 6901) inside that part: `/slug`, `/labels/a~1b`; empty for the part as a whole. */
  readonly pointer: string;
  /** What is wrong and what would be right; never repeats the value. */
  readonly detail: string;
}

/** The body of every error answer: RFC 9457, with our extension members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that was asked for. */
  readonly instance: string;
  readonly code: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly errors?: readonly FieldError[];
  /** Further safe fields of the error, e.g. the current state of a tenant. */
  readonly [extension: string]: unknown;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Writes one reference token of a JSON pointer. */
export function pointerToken(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
