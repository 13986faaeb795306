import type { Channel } from '../catalogue.js';
import type { Topics } from '../topics.js';

/** What the document says of a topic. */
export interface ChannelDescription {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  /** Kafka's `cleanup.policy`. */
  readonly cleanup: 'delete' | 'compact';
  readonly parameters?: Readonly<Record<string, { description: string; examples: readonly string[] }>>;
}

/** A participant's place in the name of its topic. */
const ANY_PARTICIPANT = '{participant}';

/** The topics of an installation by what is on them. */
export function describeChannels(topics: Topics): Readonly<Record<Channel | 'parked', ChannelDescription>> {
  return {
    lifecycle: {
      address: topics.lifecycle,
      title: 'Requests and facts',
      description:
        "Requests to participants, and facts. Each draws the tenant's next sequence, so per tenant the order is that of the commits. Delivered at least once.",
      cleanup: 'delete',
    },
    state: {
      address: topics.state,
      title: 'State of every tenant',
      description:
        'The latest record of every tenant, for those who come late or route requests: read it to its end, then follow. Records of purged tenants stay; there are no tombstones.',
      cleanup: 'compact',
    },
    acknowledgements: {
      address: topics.acknowledgements(ANY_PARTICIPANT),
      title: "A participant's answers",
      description:
        'One topic for each participant, which alone may write to it: the topic, and not a field, says whose word it is. What is malformed, names another participant or is stale is recorded and dropped alone.',
      cleanup: 'delete',
      parameters: {
        participant: {
          description:
            'The name of the participant: a lower-case letter, then at most 39 lower-case letters, digits and hyphens.',
          examples: ['billing'],
        },
      },
    },
    parked: {
      address: topics.parked,
      title: 'Copies of parked facts',
      description:
        'Copies of the facts that participants hold back, with what is known of the error in headers; for people and alerts. Nothing is worked off from here.',
      cleanup: 'delete',
    },
  };
}
