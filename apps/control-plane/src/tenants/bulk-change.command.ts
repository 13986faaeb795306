import { DomainError, type SafeFields } from '@tenantry/kernel';
import { isUnavailable } from '@tenantry/service';
import { Logger } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditUnavailable } from '../audit/audit.errors.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { currentDryRun } from '../dry-run/dry-run.js';
import { inSteps } from '../idempotency/idempotency-claim.js';
import { IdempotencyKeyInFlight } from '../idempotency/idempotency.errors.js';
import { BulkCapExceeded } from './bulk.errors.js';
import { ReactivateTenant } from './reactivate-tenant.command.js';
import { SuspendTenant } from './suspend-tenant.command.js';
import { isLegal } from './tenant.js';
import { IllegalTransition } from './tenant.errors.js';
import { TenantReadModel, type MatchingTenant } from './tenant.read-model.js';

export const BULK_CAP_DEFAULT = 100;
export const BULK_CAP_MAX = 1000;

/** The command that each tenant of a bulk action gets: the one that it would get by itself. */
const COMMANDS = { suspend: SuspendTenant, reactivate: ReactivateTenant } as const;
export type BulkAction = keyof typeof COMMANDS;

/** What became of one tenant. */
export type BulkItem =
  | {
      readonly tenantId: string;
      readonly slug: string;
      readonly outcome: 'accepted';
      readonly operationId: string;
    }
  | {
      readonly tenantId: string;
      readonly slug: string;
      readonly outcome: 'refused';
      readonly refusal: Refusal;
    };

/** A domain error as JSON. */
export interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly fields: SafeFields;
}

/**
 * Suspends or reactivates every tenant that has all of the labels, one transaction each, in the order of their ids. Which
 * tenants these are is decided once, at the beginning; what one is refused for stops no other. Purged tenants are none
 * any more and left out.
 *
 * An Idempotency-Key is held throughout and completed last: of a run that was cut off, the same request does what is left.
 *
 * @throws BulkCapExceeded when more than `cap` match; nothing is done then.
 */
export class BulkChange extends Command<readonly BulkItem[]> {
  constructor(
    readonly action: BulkAction,
    readonly labels: Readonly<Record<string, string>>,
    readonly reason: string,
    readonly cap: number,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(BulkChange)
export class BulkChangeHandler implements ICommandHandler<BulkChange> {
  private readonly logger = new Logger(BulkChangeHandler.name);

  constructor(
    private readonly tenants: TenantReadModel,
    private readonly commands: CommandBus,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async execute(command: BulkChange): Promise<readonly BulkItem[]> {
    const { matched, tenants } = await this.tenants.matching(command.labels, command.cap);
    if (matched > command.cap) throw new BulkCapExceeded(matched, command.cap, BULK_CAP_MAX);
    currentDryRun()?.inUnitsApart();
    const items: BulkItem[] = [];
    await inSteps(async () => {
      for (const tenant of tenants) items.push(await this.changeOne(tenant, command));
    });
    // The answer is stored with the key, and the key is kept, in a transaction of its own.
    return this.unitOfWork.run(() => Promise.resolve(items));
  }

  private async changeOne(
    { id, slug, state }: MatchingTenant,
    { action, reason, caller }: BulkChange,
  ): Promise<BulkItem> {
    try {
      // Read without a lock: enough to leave it alone, while the command judges anew whether it may be changed.
      if (!isLegal(action, state)) throw new IllegalTransition(action, state);
      const { operation } = await this.commands.execute(new COMMANDS[action](id, reason, caller));
      return { tenantId: id, slug, outcome: 'accepted', operationId: operation.id };
    } catch (error) {
      return { tenantId: id, slug, outcome: 'refused', refusal: this.refusalOf(error, id) };
    }
  }

  /** @throws whatever would befall every other tenant too. */
  private refusalOf(error: unknown, tenantId: string): Refusal {
    if (error instanceof IdempotencyKeyInFlight || error instanceof AuditUnavailable || isUnavailable(error))
      throw error;
    if (error instanceof DomainError)
      return { code: error.code, detail: error.message, fields: error.fields };
    this.logger.error({ err: error, tenantId }, 'a tenant of a bulk action failed');
    return { code: 'internal-error', detail: 'Something went wrong on our side.', fields: {} };
  }
}
