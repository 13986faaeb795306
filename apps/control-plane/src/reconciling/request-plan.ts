import { Injectable, type OnModuleInit } from '@nestjs/common';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import type { AskedParticipant } from '../dry-run/dry-run-notes.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { partsOf } from './parts.js';
import { reconcile } from './reconciliation.js';
import { SituationReader } from './situation.reader.js';
import type { Situation, TaskFacts } from './situation.js';

/**
 * Says in a dry run whom the reconciler would ask: for each tenant that the command woke, the step that it would take,
 * by the same rule and from the rows as the command left them, before they are rolled back.
 */
@Injectable()
export class RequestPlan implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly situations: SituationReader,
  ) {}

  onModuleInit(): void {
    this.unitOfWork.beforeRollback((tx) => this.noteTx(tx));
  }

  private async noteTx(tx: Tx): Promise<void> {
    for (const tenantId of tx.dryRun?.wokenTenants ?? []) {
      const tenant = await this.tenants.lockTx(tx, tenantId);
      if (!tenant) continue;
      for (const participant of await this.askedTx(tx, tenant)) tx.dryRun?.ask(participant);
    }
  }

  private async askedTx(tx: Tx, tenant: Tenant): Promise<AskedParticipant[]> {
    const rows = await this.situations.rowsTx(tx, tenant);
    const situation = this.situations.situationOf(rows, tx.now);
    const now = reconcile(situation).requests.flatMap(({ type, participants }) =>
      situation.participants
        .filter(({ name }) => participants.includes(name))
        .map(({ name, required }) => ({ name, request: type, required })),
    );
    return [...now, ...askedToPurge(situation)];
  }
}

/** Whom a scheduled deletion asks in the end: to destroy, and then to verify. */
function askedToPurge(situation: Situation): AskedParticipant[] {
  const { tenant } = situation;
  if (tenant.purgeAfter === null || tenant.holdPlacedAt !== null || tenant.pausedAt !== null) return [];
  const met = partsOf(situation).joins.map(
    ({ participant, countsFrom }) =>
      [participant, { observed: 'none', observedGeneration: 0, countsFrom }] as const,
  );
  const purge: Situation = {
    ...situation,
    tenant: { ...tenant, desired: 'purged', generation: tenant.generation + 1, purgeAfter: null },
    operation: { kind: 'purge', state: 'pending' },
    observations: new Map([...situation.observations, ...met]),
    // As if everyone had destroyed, so that those who verify it are seen too.
    tasks: new Map(situation.participants.map(({ name }) => [name, PASSED])),
  };
  return partsOf(purge).parts.map(({ participant: { name, required }, request }) => ({
    name,
    request,
    required,
  }));
}

const PASSED: TaskFacts = {
  state: 'skipped',
  attempts: 1,
  retryable: null,
  addressedAt: null,
  nextAttemptAt: null,
  lastError: null,
  decision: 'attest',
  finishedAt: null,
  countsFromAt: null,
};
