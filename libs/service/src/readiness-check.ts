/** Something that must hold for the process to serve. */
export interface ReadinessCheck {
  /** Shown in the answer of the probe, e.g. `database`. */
  readonly name: string;
  /** Resolves when it holds; rejects, or takes longer than two seconds, when not. */
  check(): Promise<void>;
}

export const READINESS_CHECKS = Symbol('READINESS_CHECKS');
