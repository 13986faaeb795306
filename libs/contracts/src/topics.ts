import { isParticipantName } from './names.js';

/** Topic names of one installation. */
export interface Topics {
  readonly lifecycle: string;
  readonly state: string;
  readonly parked: string;
  /** The topic that one participant alone writes its answers to. */
  acknowledgements(participant: string): string;
  /** Whose acknowledgement topic that is; `undefined` for any other topic. */
  participantOf(topic: string): string | undefined;
}

/** Names of an installation's own choice, where a prefix is not enough; the same on every side. */
export interface ChosenTopicNames {
  readonly lifecycle?: string;
  readonly state?: string;
  readonly parked?: string;
  /** What a participant's topic begins with; its name follows at once. */
  readonly acknowledgements?: string;
}

/** The names for a prefix, `tenantry` unless the installation chose another, and for what it named itself. */
export function topicNames(prefix = 'tenantry', chosen: ChosenTopicNames = {}): Topics {
  const acknowledgements = chosen.acknowledgements ?? `${prefix}.acknowledgements.v1.`;
  return {
    lifecycle: chosen.lifecycle ?? `${prefix}.tenant.lifecycle.v1`,
    state: chosen.state ?? `${prefix}.tenant.state.v1`,
    parked: chosen.parked ?? `${prefix}.parked.v1`,
    acknowledgements: (participant) => `${acknowledgements}${participant}`,
    participantOf: (topic) => {
      const participant = topic.startsWith(acknowledgements) ? topic.slice(acknowledgements.length) : '';
      return isParticipantName(participant) ? participant : undefined;
    },
  };
}
