import type { Backoff } from '@tenantry/kernel';
import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { OperationStore } from '../operations/operation.store.js';
import type { Task } from '../operations/task.entity.js';
import { hasItsTurnAhead } from '../participants/backlog-turn.js';
import type { Participant } from '../participants/participant.entity.js';
import { ParticipantStore } from '../participants/participant.store.js';
import type { TenantParticipant } from '../participants/tenant-participant.entity.js';
import type { Route } from '../routing/route.entity.js';
import { RouteStore } from '../routing/route.store.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import type { Situation } from './situation.js';

/** How unacknowledged requests are published again. */
export const REQUEST_BACKOFF = Symbol('REQUEST_BACKOFF');

/** One tenant's rows, as the next step is derived from them. */
export interface TenantRows {
  readonly tenant: Tenant;
  /** Of the tenant's current generation. */
  readonly operation: Operation;
  readonly tasks: readonly Task[];
  readonly participants: readonly Participant[];
  readonly observations: readonly TenantParticipant[];
  readonly routes: readonly Route[];
}

/** Reads what the reconciler decides by; whoever explains, or tries without doing, decides by the same. */
@Injectable()
export class SituationReader {
  constructor(
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly routes: RouteStore,
    @Inject(REQUEST_BACKOFF) private readonly backoff: Backoff,
  ) {}

  async rowsTx(tx: Tx, tenant: Tenant): Promise<TenantRows> {
    const operation = await this.operations.currentTx(tx, tenant);
    return {
      tenant,
      operation,
      tasks: await this.operations.tasksTx(tx, operation.id),
      participants: await this.participants.allTx(tx),
      observations: await this.participants.observationsTx(tx, tenant.id),
      routes: await this.routes.findTx(tx, tenant.id),
    };
  }

  situationOf(rows: TenantRows, now: Date): Situation {
    const { tenant, operation, participants, observations, tasks, routes } = rows;
    return {
      now,
      tenant,
      placed: routes.length > 0,
      operation,
      participants: participants.map((one) => ({ ...one, deferred: hasItsTurnAhead(one, tenant.id) })),
      observations: new Map(observations.map((observation) => [observation.participant, observation])),
      tasks: new Map(tasks.map((task) => [task.participant, task])),
      backoff: this.backoff,
    };
  }
}
