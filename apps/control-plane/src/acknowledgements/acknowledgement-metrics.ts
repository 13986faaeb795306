import { metrics } from '@opentelemetry/api';
import type { Acknowledgement } from '@tenantry/contracts';

/** What became of a participant's answer: what it says, where that counted; else that it came too late, or was refused. */
export type AcknowledgementOutcome = Acknowledgement['outcome'] | 'ignored' | 'refused';

/** Counts what participants say about requests, and whatever of their messages is refused; signs of life are not counted. */
export class AcknowledgementMetrics {
  private readonly answers = metrics
    .getMeter('@tenantry/control-plane')
    .createCounter('tenantry_acknowledgements_total', {
      description: 'Answers of participants, by what became of them.',
    });

  /** @param participant as its channel says, so that nobody makes up series. */
  count(participant: string, outcome: AcknowledgementOutcome): void {
    this.answers.add(1, { participant, outcome });
  }
}
