import { type Isolation, tenantSchemaName } from '@tenantry/contracts';
import { finding, NOT_OURS } from './finding.js';
import { judgeForeign } from './judge-foreign.js';
import type { ObjectType, OrphanFinding } from './orphan-report.js';
import { hasForeignMarker, isAnothers } from './ownership.js';
import type { TenantObject } from './tenant-objects.js';
import { type Home, isWanted, routeHere, type TenantSituation } from './tenant-situation.js';
import { whyNotDelete } from './why-not-delete.js';

/**
 * Compares what should be there of one tenant with what is. The service's own database comes first: while a purge runs
 * there, nothing is judged; when it has ended, nothing may be left, whatever an old state record says. Only then the state
 * record speaks, and its silence about a tenant that has a fence here makes the tenant unknown, never an orphan.
 */
export function judgeTenant(home: Home, tenant: TenantSituation): OrphanFinding[] {
  const own = tenant.objects.filter(({ store }) => store === home.store);
  const foreign = judgeForeign(home, tenant);
  switch (expectation(tenant)) {
    case 'changing':
      return foreign;
    case 'unknown':
      return [...unknown(tenant), ...foreign];
    case 'absent':
      return [...own.flatMap((object) => unwanted(home, tenant, object)), ...leftRows(tenant), ...foreign];
    case 'present':
      return [...own.flatMap((object) => wanted(home, tenant, object)), ...missing(home, tenant), ...foreign];
  }
}

function expectation({ record, facts }: TenantSituation): 'present' | 'absent' | 'changing' | 'unknown' {
  if (facts.tombstone) return facts.fence ? 'changing' : 'absent';
  if (!record) return facts.fence || facts.provisioned ? 'unknown' : 'absent';
  if (record.state === 'PURGING') return 'changing';
  return record.state === 'PURGED' ? 'absent' : 'present';
}

function unknown({ tenantId, facts }: TenantSituation): OrphanFinding[] {
  if (facts.fence && !facts.fence.settled) return [];
  const why = 'The tenant has a fence or a marker here, and no state record speaks of it.';
  return [finding('unknown', tenantId, { type: 'tenant', name: tenantId }, why, 'The tenant is alive here.')];
}

/** An object of which there should be nothing. */
function unwanted(home: Home, tenant: TenantSituation, object: TenantObject): OrphanFinding[] {
  const { record, facts, tenantId } = tenant;
  if (isAnothers(object)) return [];
  if (hasForeignMarker(home, object)) return [foreignMarker(object)];
  if (!record && !facts.tombstone && object.type !== 'schema' && !object.usedHere && !object.marker)
    return [finding('foreign', tenantId, object, 'Nothing here knows the tenant.', NOT_OURS)];
  return [finding('orphaned', tenantId, object, whyAbsent(tenant), whyNotDelete(home, tenant, object))];
}

function whyAbsent({ record, facts }: TenantSituation): string {
  if (facts.tombstone) return 'The tenant was purged here, and this was made or brought back afterwards.';
  return record
    ? 'The tenant is purged, by a purge that did not come here.'
    : 'Nothing here knows the tenant, and no state record speaks of it.';
}

/** Rows of the kit that outlived the tenant, and a state record that speaks of a tenant which was destroyed here. */
function leftRows({ tenantId, facts, record }: TenantSituation): OrphanFinding[] {
  const row = (type: ObjectType, name: string): OrphanFinding =>
    finding(
      'orphaned',
      tenantId,
      { type, name },
      'The tenant is gone, and its row is not.',
      'Rows are reported only.',
    );
  return [
    ...(facts.provisioned ? [row('marker', 'tenantry.provisioned')] : []),
    ...(facts.fence ? [row('fence', 'tenantry.fence')] : []),
    ...(facts.tombstone && isWanted(record)
      ? [
          missingOf(
            tenantId,
            'tenant',
            tenantId,
            `The state record says ${record.state}, and the tenant was purged here.`,
          ),
        ]
      : []),
  ];
}

/** An object that the tenant should have, if it is placed in a schema or a database of its own. */
function wanted(home: Home, tenant: TenantSituation, object: TenantObject): OrphanFinding[] {
  if (isAnothers(object)) return [];
  if (hasForeignMarker(home, object)) return [foreignMarker(object)];
  const { tenantId } = tenant;
  if (!isExpected(home, tenant, object))
    return [
      finding(
        'orphaned',
        tenantId,
        object,
        'The tenant is placed elsewhere.',
        whyNotDelete(home, tenant, object),
      ),
    ];
  return object.marker
    ? []
    : [finding('unmarked', tenantId, object, 'It was made without a marker.', 'The tenant is alive.')];
}

/**
 * What a tenant that is alive lacks. A SUSPENDED one may never have been provisioned, so only its fence is certain; what
 * the marker says was finished must be there in every state.
 */
function missing(home: Home, tenant: TenantSituation): OrphanFinding[] {
  const { tenantId, record, facts, objects } = tenant;
  const state = routeHere(tenant, home) && record?.state;
  const active = state === 'ACTIVE';
  const found: OrphanFinding[] = [];
  if (!facts.fence && (active || state === 'SUSPENDED'))
    found.push(
      missingOf(tenantId, 'fence', 'tenantry.fence', `The tenant is ${state} and has no fence here.`),
    );
  if (!facts.provisioned && active)
    found.push(
      missingOf(
        tenantId,
        'marker',
        'tenantry.provisioned',
        'The tenant is ACTIVE and not fully provisioned here.',
      ),
    );
  const isolation = isolationHere(home, tenant);
  if (isolation !== undefined && isolation !== 'pooled' && (active || facts.provisioned)) {
    const name = tenantSchemaName(tenantId, home.store);
    for (const type of [isolation, 'role'] as const)
      if (!objects.some((object) => object.type === type && object.name === name))
        found.push(
          missingOf(tenantId, type, name, `The tenant was provisioned here, and its ${type} is gone.`),
        );
  }
  return found;
}

/** As the tenant is placed here, or was provisioned here. */
function isolationHere(home: Home, tenant: TenantSituation): Isolation | undefined {
  return routeHere(tenant, home)?.isolation ?? tenant.facts.provisioned?.isolation;
}

/** A schema of its own and a database of its own each come with a role of that name. */
function isExpected(home: Home, tenant: TenantSituation, { type }: TenantObject): boolean {
  const isolation = isolationHere(home, tenant);
  return isolation === type || (type === 'role' && (isolation === 'schema' || isolation === 'database'));
}

function missingOf(tenantId: string, type: ObjectType, name: string, why: string): OrphanFinding {
  return finding('missing', tenantId, { type, name }, why, 'There is nothing to delete.');
}

function foreignMarker(object: TenantObject): OrphanFinding {
  const { tenantId, service, database } = object.marker!;
  const why = `Its marker names service ${service}, tenant ${tenantId}, database ${database}.`;
  return finding('foreign', object.tenantId, object, why, NOT_OURS);
}
