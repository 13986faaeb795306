import { judgeAnnouncements } from './judges/announcements.ts';
import { judgeDelivery } from './judges/delivery.ts';
import { judgeEffects } from './judges/effects.ts';
import { judgeHistory } from './judges/history.ts';
import { judgeRequests } from './judges/requests.ts';
import type { SentRequest } from './load.ts';
import type { Evidence, Finding } from './reader/evidence.ts';

/** Everything that the judges find. */
export function judge(requests: readonly SentRequest[], evidence: Evidence): Finding[] {
  return [
    ...judgeRequests(requests, evidence),
    ...judgeHistory(evidence),
    ...judgeDelivery(evidence),
    ...judgeEffects(evidence),
    ...judgeAnnouncements(evidence),
  ];
}
