import { PreconditionFailed, PreconditionRequired } from './request-errors.js';

/** The strong entity tag of a version: `"7"`. */
export function etagOf(version: number | bigint | string): string {
  return `"${version}"`;
}

const ENTITY_TAG = /(W\/)?("[^"]*")/g;

/** The condition of an `If-Match` header. */
export class IfMatch {
  private constructor(private readonly tags: ReadonlySet<string> | 'any') {}

  /**
   * Reads the header. Weak tags and anything that is not a quoted tag match nothing (RFC 9110: strong comparison).
   * @returns `undefined` when there is no header.
   */
  static parse(header: string | undefined): IfMatch | undefined {
    const text = header?.trim();
    if (!text) return undefined;
    if (text === '*') return new IfMatch('any');
    const strong = [...text.matchAll(ENTITY_TAG)].filter(([, weak]) => weak === undefined);
    return new IfMatch(new Set(strong.map(([, , tag]) => tag as string)));
  }

  /** As {@link parse}. @throws PreconditionRequired when there is no header. */
  static require(header: string | undefined): IfMatch {
    const condition = IfMatch.parse(header);
    if (!condition) throw new PreconditionRequired();
    return condition;
  }

  matches(version: number | bigint | string): boolean {
    return this.tags === 'any' || this.tags.has(etagOf(version));
  }

  /**
   * To be called with the version read under the row's lock. @throws PreconditionFailed when it is not the one named.
   * @param current what else the caller needs to decide anew, such as the state.
   */
  check(version: number | bigint | string, current: Readonly<Record<string, string>> = {}): void {
    if (!this.matches(version)) throw new PreconditionFailed(etagOf(version), current);
  }
}
