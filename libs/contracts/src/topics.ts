import { isParticipantName } from './names.js';

/** Topic names of one installation; the prefix is configurable, the rest is contract. */
export interface Topics {
  readonly lifecycle: string;
  readonly state: string;
  readonly parked: string;
  /** The topic that one participant alone writes its answers to. */
  acknowledgements(participant: string): string;
  /** Whose acknowledgement topic that is; `undefined` for any other topic. */
  participantOf(topic: string): string | undefined;
}

/** The names for a prefix, `tenantry` unless the installation chose another. */
export function topicNames(prefix = 'tenantry'): Topics {
  const acknowledgements = `${prefix}.acknowledgements.v1.`;
  return {
    lifecycle: `${prefix}.tenant.lifecycle.v1`,
    state: `${prefix}.tenant.state.v1`,
    parked: `${prefix}.parked.v1`,
    acknowledgements: (participant) => `${acknowledgements}${participant}`,
    participantOf: (topic) => {
      const participant = topic.startsWith(acknowledgements) ? topic.slice(acknowledgements.length) : '';
      return isParticipantName(participant) ? participant : undefined;
    },
  };
}
