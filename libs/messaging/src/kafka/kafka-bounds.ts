/** How long, and how much, of one conversation with the brokers. Milliseconds and bytes; docs/operating.md has them in its table of bounds. */
export const KAFKA_BOUNDS = {
  connectionTimeout: 3_000,
  /** Until a broker has answered a request; whoever sent it tries again. */
  requestTimeout: 10_000,
  /** Without a heartbeat a member of a group has gone after this long. */
  sessionTimeout: 10_000,
  /** How long a group waits for its members when others join or leave. */
  rebalanceTimeout: 30_000,
  /** How long a broker keeps a fetch when there is nothing; a stop waits for it. */
  maxWaitTimeInMs: 500,
  /** Of values and headers of one produce request; a broker takes 1 MB a partition unless told otherwise. */
  produceBytes: 700_000,
  /** What a broker sends at once of the state topic: a first pass is long, and what is on its way takes memory several times over. */
  stateFetchBytes: 2 * 1024 * 1024,
} as const;
