/** What is to be known about the routes that a service serves by. */
export interface RouteHealth {
  /** How long ago they were last known to be all there are, in milliseconds. */
  readonly stalenessMs: number;
  readonly alertAfterMs: number;
  /** Whether the staleness is above `alertAfterMs`. Requests are served all the same. */
  readonly isStale: boolean;
  /** Whether this process has seen everything since its start, so that an unknown tenant is one that does not exist. */
  readonly isComplete: boolean;
  readonly tenants: number;
}
