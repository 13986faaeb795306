import { crashPoint } from '@tenantry/kernel';
import type { Logger, RequestHandler, WorkControl, WorkItem } from '@tenantry/messaging';
import type { DatabaseScope } from './database-scope.js';
import { OpenToAll } from './open-to-all.js';
import { scanCluster } from './scan-cluster.js';
import { evidenceOf, findingsOf, type Findings, isClean } from './scan-evidence.js';
import { ScanProgress } from './scan-progress.js';
import type { ClusterScan } from './scan-result.js';
import type { ScanTarget, SessionLimits } from './scan-session.js';
import { tenantMark } from './tenant-mark.js';
import { VerificationFailed } from './verification-failed.js';
import { notLookedAt } from './where-it-lived.js';

/** What the acknowledgement has room for. */
const MAX_MESSAGE_LENGTH = 2000;

export interface VerificationHandlerOptions {
  /** Every server that tenants' data may be on. */
  readonly targets: readonly ScanTarget[];
  readonly scope: DatabaseScope;
  /** Names of columns that say whose a row is, compared without case and underscores. */
  readonly tenantColumns: readonly string[];
  readonly limits: SessionLimits;
  /** How many databases of a server are looked at at once. */
  readonly databasesAtOnce: number;
  readonly logger: Logger;
}

/**
 * Looks for whatever is left of a tenant after everybody has purged it, and vouches for what it has seen alone. Read only,
 * so it can be run again at any time; remnants are final until somebody has removed them and asks again.
 */
export function createVerificationHandler(options: VerificationHandlerOptions): RequestHandler {
  const openToAll = new OpenToAll(options.logger);
  return async (item, control) => {
    if (item.type !== 'tenant.verification_requested.v1')
      throw new VerificationFailed(
        'This participant verifies; it can neither make nor destroy anything.',
        false,
      );
    const scanned = await scanAll(item, control, { ...options, openToAll });
    const scans = [
      ...scanned.map((scan) => withPlacements(scan, item)),
      ...unconfigured(item, options.targets),
    ];
    const evidence = evidenceOf(scans);
    const findings = findingsOf(scans);
    crashPoint('kit.verify.scanned');
    if (isClean(findings)) return { evidence: { ...evidence } };
    throw new VerificationFailed(messageOf(findings), findings.remnants.length === 0, evidence);
  };
}

async function scanAll(
  { tenantId, generation }: WorkItem,
  control: WorkControl,
  { targets, ...options }: VerificationHandlerOptions & { readonly openToAll: OpenToAll },
): Promise<ClusterScan[]> {
  const mark = tenantMark(tenantId);
  const progress = new ScanProgress(control);
  const scans: ClusterScan[] = [];
  for (const target of targets) {
    await control.assertCurrent();
    scans.push(await scanCluster(target, { ...options, mark, generation, progress, signal: control.signal }));
  }
  return scans;
}

/** What the tenant was placed in and was not looked at could not be looked at, as far as its answer goes. */
function withPlacements(scan: ClusterScan, { request }: WorkItem): ClusterScan {
  return { ...scan, unscannable: [...scan.unscannable, ...notLookedAt(request.placements, scan)] };
}

/** A cluster that the tenant is placed on and nobody told us of could not be looked at. */
function unconfigured({ request }: WorkItem, targets: readonly ScanTarget[]): ClusterScan[] {
  const known = new Set(targets.map(({ cluster }) => cluster));
  const unknown = new Set(
    request.placements.map(({ cluster }) => cluster).filter((cluster) => !known.has(cluster)),
  );
  return [...unknown].map((cluster) => ({
    cluster,
    scannedAt: new Date(),
    databases: [],
    namedDatabases: [],
    roles: [],
    objects: [],
    notScanned: [],
    unscannable: [{ cluster, reason: 'the tenant was placed on it, and the scan has no login for it' }],
  }));
}

function messageOf({ remnants, unknown }: Findings): string {
  const sentences = [
    ...(remnants.length > 0 ? [`Something of the tenant is left: ${remnants.join(', ')}.`] : []),
    ...(unknown.length > 0 ? [`Not everything could be scanned: ${unknown.join(', ')}.`] : []),
  ];
  const message = sentences.join(' ');
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH - 2)} …`;
}
