import type { Logger } from '../logger.js';
import type { UnusableTopics } from './kafka-topics.js';

/** Reports whose acknowledgements are not consumed, once for every change. */
export class LeftOutParticipants {
  private known: UnusableTopics = new Map();

  constructor(private readonly logger: Logger) {}

  report(unusable: UnusableTopics): void {
    for (const [participant, err] of unusable)
      if (this.known.get(participant)?.message !== err.message)
        this.logger.error(
          { err, participant },
          'participant is left out, its acknowledgements are not consumed',
        );
    for (const participant of this.known.keys())
      if (!unusable.has(participant)) this.logger.info({ participant }, 'participant is left out no longer');
    this.known = unusable;
  }
}
