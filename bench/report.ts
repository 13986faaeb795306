/** A line of a benchmark's table. */
export interface Row {
  readonly what: string;
  readonly value: string;
  readonly comparedWith?: string;
  readonly ratio?: string;
  readonly target?: string;
  readonly met?: boolean;
}

/** What a benchmark found. */
export interface Report {
  readonly rows: readonly Row[];
  /** The same for programs. */
  readonly figures: object;
}

/** Tells a person what is going on. */
export type Say = (line: string) => void;
