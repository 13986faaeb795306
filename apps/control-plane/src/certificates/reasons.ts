import type { Certificate, ParticipantPart } from './certificate.js';
import { scanObjections } from './scan-findings.js';

/** What a certificate itself shows of the destruction. */
export type Demonstration = Pick<Certificate, 'participants' | 'audit'>;

/**
 * Why what a certificate shows does not prove the destruction; empty when it does. Whoever reads the certificate comes to the same, since
 * nothing but what it carries is looked at. Pure.
 */
export function reasonsIn({ participants, audit }: Demonstration): string[] {
  const purges = participants.filter(({ role }) => role === 'purge');
  const scans = participants.filter(({ role }) => role === 'scan');
  return [
    ...purges.flatMap(reasonsAgainst),
    ...scans.flatMap((scan) => [
      ...foundBy(scan),
      ...reasonsAgainst(scan),
      ...(scan.outcome === 'acknowledged' ? [...objectionsTo(scan), ...outdatedBy(scan, purges)] : []),
    ]),
    ...(purges.length > 0 ? [] : ['No participant was asked to destroy anything.']),
    ...(scans.some(({ outcome }) => outcome === 'acknowledged')
      ? []
      : ['No independent scan has confirmed that nothing is left.']),
    ...(audit.entry.action === 'operation.succeeded'
      ? []
      : ['The end of the purge was not recorded in the audit log.']),
  ];
}

function reasonsAgainst({ participant, role, outcome, attestation, evidence }: ParticipantPart): string[] {
  switch (outcome) {
    case 'attested':
      return [`${attestation?.by} attested in place of ${participant}, which has shown nothing.`];
    case 'acknowledged':
      return evidence === null ? [`${participant} acknowledged without any evidence.`] : [];
    default:
      return role === 'scan'
        ? [`${participant} has not finished its scan.`]
        : [`${participant} has not shown what it destroyed.`];
  }
}

/** What a scan ended with stays found, whoever vouches for its verifier. */
function foundBy({ participant, outcome, error }: ParticipantPart): string[] {
  return outcome === 'acknowledged' || error === null ? [] : [`The scan of ${participant} found: ${error}`];
}

function objectionsTo({ participant, declaredBy, evidence }: ParticipantPart): string[] {
  const objections = evidence === null ? [] : scanObjections(evidence);
  return [
    // Anything but what is known to be a declaration by somebody else.
    ...(declaredBy === 'configuration' || declaredBy === 'operator'
      ? []
      : [`${participant} is a verifier by its own word alone: nobody declared it.`]),
    ...(objections.length === 0
      ? []
      : [`The scan of ${participant} does not show that nothing is left: ${objections.join('; ')}.`]),
  ];
}

/** A scan shows nothing of what was destroyed only after it was asked for. */
function outdatedBy(scan: ParticipantPart, purges: readonly ParticipantPart[]): string[] {
  const askedAt = scan.askedAt === null ? NaN : Date.parse(scan.askedAt);
  if (Number.isNaN(askedAt)) return [`It is not known when the scan of ${scan.participant} was asked for.`];
  return purges
    .filter(({ at }) => at !== null && !(Date.parse(at) <= askedAt))
    .map(
      ({ participant }) =>
        `The scan of ${scan.participant} was asked for before ${participant} had destroyed what it held.`,
    );
}
