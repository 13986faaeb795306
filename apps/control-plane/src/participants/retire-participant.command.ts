import { NotFound, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { holdingsTx } from './holdings.js';
import {
  ParticipantHoldsTenants,
  RetirementMisconfirmed,
  RetirementUnconfirmed,
  type Holdings,
} from './participant.errors.js';
import type { Participant } from './participant.entity.js';
import { ParticipantStore } from './participant.store.js';
import type { ParticipantView } from './participant.view.js';
import { ParticipantsChanged } from './participants-changed.js';

export interface RetireParticipantResult {
  readonly participant: ParticipantView;
  /** What follows from it, in words. */
  readonly consequences: readonly string[];
}

export interface RetirementRequest {
  readonly reason: string;
  /** Retires it although it holds tenants; confirmed with its name. */
  readonly force: boolean;
  readonly confirm?: string | undefined;
}

/**
 * Retires a participant: it is asked for nothing any more and nothing waits for it, except the purge of what it still holds. Retiring
 * a retired one changes nothing. @throws NotFound, PreconditionFailed, ParticipantHoldsTenants, RetirementUnconfirmed, RetirementMisconfirmed
 */
export class RetireParticipant extends Command<RetireParticipantResult> {
  constructor(
    readonly name: string,
    readonly request: RetirementRequest,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(RetireParticipant)
export class RetireParticipantHandler implements ICommandHandler<RetireParticipant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly participants: ParticipantStore,
    private readonly audit: AuditLog,
    private readonly changed: ParticipantsChanged,
  ) {}

  async execute(command: RetireParticipant): Promise<RetireParticipantResult> {
    const result = await this.unitOfWork.run((tx) => this.retireTx(tx, command));
    this.changed.emit();
    return result;
  }

  private async retireTx(
    tx: Tx,
    { name, request, caller, ifMatch }: RetireParticipant,
  ): Promise<RetireParticipantResult> {
    const { reason, force, confirm } = request;
    const row = await this.participants.lockTx(tx, name);
    if (!row) throw new NotFound('participant');
    ifMatch?.check(row.version);
    if (confirm !== undefined && confirm !== name) throw new RetirementMisconfirmed();
    if (force && confirm === undefined) throw new RetirementUnconfirmed();
    const holdings = await holdingsTx(tx, name);
    const consequences = await this.consequencesTx(tx, row, holdings);
    if (row.retiredAt !== null) return { participant: await this.participants.viewTx(tx, row), consequences };
    if (holdings && !force) {
      const next = `Delete them first, or repeat with force=true&confirm=${name}: their purges then wait until somebody attests for it.`;
      throw new ParticipantHoldsTenants(name, 'It cannot be retired', next, holdings);
    }
    tx.dryRun?.reach(holdings?.count ?? 0);
    const retirement = { retiredAt: tx.now, retiredBy: caller.actor, retireReason: reason };
    const retired = await this.participants.changeTx(tx, row, retirement);
    await this.audit.recordTx(tx, {
      caller,
      action: 'participant.retire',
      resource: `participants/${name}`,
      reason,
      before: { retired: false, required: row.required, capabilities: row.capabilities },
      after: { retired: true, forced: force, heldTenants: holdings?.count ?? 0 },
    });
    return { participant: await this.participants.viewTx(tx, retired), consequences };
  }

  private async consequencesTx(tx: Tx, row: Participant, holdings: Holdings | undefined): Promise<string[]> {
    const consequences: string[] = [];
    const purges = row.capabilities.includes('purge');
    if (holdings && purges) {
      consequences.push(
        `It still holds ${holdings.count} ${holdings.count === 1 ? 'tenant' : 'tenants'}: it is not asked to destroy them, and each purge waits until somebody attests for it.`,
      );
    }
    if (row.capabilities.includes('verify'))
      consequences.push('Purges that it has not verified yet are not verified by it any more.');
    const provides = row.required && row.capabilities.includes('provision');
    if (provides && !(await this.participants.anotherProvisionsTx(tx, row.name))) {
      consequences.push(
        'No required participant that provisions is left: until one is declared no tenant becomes ACTIVE (condition noParticipants).',
      );
    }
    return consequences;
  }
}
