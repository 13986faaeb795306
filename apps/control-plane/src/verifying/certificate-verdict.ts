import type { Certificate, ParticipantPart, Remnant } from '../certificates/certificate.js';
import { verifyCertificate } from '../certificates/verify-certificate.js';
import { keysOf, textOf } from './evidence-files.js';
import type { Verdict } from './verdict.js';

/** Verifies a deletion certificate; one that is incomplete is authentic, and proves no destruction. @throws FileUnreadable, NoTrustedKeys */
export async function certificateVerdict(file: string, keysFile: string): Promise<Verdict> {
  const keys = await keysOf(keysFile);
  const report = await verifyCertificate((await textOf(file)).trim(), keys);
  if (report.problem !== undefined) return { holds: false, lines: [`NOT VALID: ${report.problem}`] };
  const { certificate } = report;
  return { holds: certificate.complete, lines: linesOf(certificate) };
}

function linesOf(certificate: Certificate): string[] {
  const { tenant, request, purge, participants, audit, remains, complete, reasons, issuedAt } = certificate;
  return [
    complete
      ? 'VALID AND COMPLETE: everybody showed what they destroyed, and an independent scan agrees'
      : 'VALID BUT INCOMPLETE: the certificate is authentic, and does not prove the destruction',
    ...reasons.map((reason) => `  because ${reason}`),
    `tenant    ${tenant.slug} (${tenant.id}), created ${tenant.createdAt}`,
    ...(request
      ? [`asked for ${request.requestedAt} by ${request.actor}: ${request.reason ?? 'no reason was given'}`]
      : []),
    `purged    ${purge.endedAt}, begun ${purge.begunAt}, after a grace period of ${request?.gracePeriod ?? 'unknown length'}`,
    ...participants.map(partLine),
    `audit     position ${audit.position} of ${audit.treeSize}, root ${audit.rootHash}`,
    `issued    ${issuedAt}`,
    'remains',
    ...remains.map(remnantLine),
  ];
}

function partLine({ participant, role, outcome, at }: ParticipantPart): string {
  return `${role === 'scan' ? 'scanned by' : 'purged by'} ${participant}: ${outcome}${at === null ? '' : ` ${at}`}`;
}

function remnantLine({ what, why, until }: Remnant): string {
  return `  ${what}, ${until === null ? 'without an end' : `until ${until}`}. ${why}`;
}
