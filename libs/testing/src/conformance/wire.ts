import type { Envelope, StateRecord } from '@tenantry/contracts';

/** Something that came on an acknowledgement channel. */
export interface Heard {
  /** Whose channel it came on: the topic's, or the login's. */
  readonly channel: string;
  /** As far as it could be read as an envelope. */
  readonly envelope?: Envelope;
  /** What is wrong with it as a message of its transport, whatever it says. */
  readonly problems: readonly string[];
  readonly raw: string;
}

/** One thing that no participant can read as a lifecycle event. */
export interface Malformed {
  readonly what: string;
  send(): Promise<void>;
}

/** A control plane's side of a transport, which can also do what a control plane does only when things go wrong. */
export interface Wire {
  readonly transport: 'kafka' | 'embedded';
  /** What the participant must be told to find this side. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Makes the channels, and begins to listen.
   *
   * @throws ForeignTenants when there are tenants that this kit did not make.
   */
  open(onHeard: (heard: Heard) => void): Promise<void>;
  /**
   * Delivers lifecycle events in the given order, whatever their sequences say; one that was published before is
   * delivered once more. Resolves when they are durable.
   */
  publish(events: readonly Envelope[]): Promise<void>;
  publishState(record: StateRecord, tenantSeq: string): Promise<void>;
  /** Delivers an event in CloudEvents' structured mode, where the transport knows two modes. */
  publishStructured?(event: Envelope): Promise<void>;
  /** Everything malformed that this transport can carry, for a tenant; `nextSeq` takes the tenant's next sequence. */
  malformed(tenantId: string, nextSeq: () => string): readonly Malformed[];
  /** The id of a new tenant whose events travel behind those of the given one. */
  neighbour(tenantId: string): string;
  /** Stops reading what the participant says, or goes on; nothing is lost meanwhile. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** What was written where this participant must not write, in words. */
  trespasses(): Promise<readonly string[]>;
  /** Leaves, and removes what was made for this run alone. */
  close(): Promise<void>;
}

/** These channels belong to somebody: running here would mix test tenants with theirs. */
export class ForeignTenants extends Error {
  constructor(where: string) {
    super(
      `${where} holds tenants that this kit did not make, as that of a live control plane does. ` +
        'Use another topic prefix or database; if it really is for tests alone, say --allow-foreign-tenants.',
    );
    this.name = 'ForeignTenants';
  }
}
