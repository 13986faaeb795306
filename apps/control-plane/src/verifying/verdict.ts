/** What was found, in lines for people. */
export interface Verdict {
  readonly holds: boolean;
  readonly lines: readonly string[];
}
