import type { Logger } from '../logger.js';

/** What a broker answers for a topic that is not there; the second to whoever may not know of it. */
const MISSING = ['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED'];

/** The topic that a participant writes its answers to. The control plane makes those of whom it knows; an unknown one makes its own. */
export class OwnTopic {
  private reported?: string;

  /** @param make makes the topic, or answers why the brokers refuse that. */
  constructor(
    private readonly participant: string,
    private readonly make: () => Promise<Error | undefined>,
    private readonly logger: Logger,
  ) {}

  /**
   * Makes the topic if that is why nothing could be sent, so that the next try can succeed; says so in the log, once, where
   * it may not.
   */
  async mend(failure: unknown): Promise<void> {
    if (!isMissingTopic(failure)) return;
    const refusal = await this.make();
    if (refusal && refusal.message !== this.reported) {
      this.logger.error(
        { err: refusal, participant: this.participant },
        'the acknowledgement topic is missing and cannot be made by this service: declare the participant at the control plane, or make the topic',
      );
    }
    this.reported = refusal?.message;
  }
}

/** kafkajs hides the broker's answer in causes; its error classes are no named exports under ESM. */
function isMissingTopic(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('type' in error && MISSING.includes(String(error.type))) return true;
  return isMissingTopic(error.cause);
}
