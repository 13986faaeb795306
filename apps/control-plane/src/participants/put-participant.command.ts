import { InvalidRequest, PreconditionFailed, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { capabilitiesProblem, storesProblem } from './capability-rules.js';
import { needsTx } from './holdings.js';
import { ParticipantHoldsTenants } from './participant.errors.js';
import type { Participant } from './participant.entity.js';
import { ParticipantStore, type ParticipantDeclaration } from './participant.store.js';
import type { ParticipantView } from './participant.view.js';
import { ParticipantsChanged } from './participants-changed.js';

export interface PutParticipantResult {
  readonly created: boolean;
  readonly participant: ParticipantView;
}

/**
 * Declares a participant, or replaces what was declared of it; one that is retired is there again. It may always
 * be given capabilities; none is taken away that a tenant it has met still needs. @throws PreconditionFailed, ParticipantHoldsTenants
 */
export class PutParticipant extends Command<PutParticipantResult> {
  constructor(
    readonly declaration: ParticipantDeclaration,
    readonly ifMatch: IfMatch | undefined,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(PutParticipant)
export class PutParticipantHandler implements ICommandHandler<PutParticipant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly participants: ParticipantStore,
    private readonly audit: AuditLog,
    private readonly changed: ParticipantsChanged,
  ) {}

  async execute(command: PutParticipant): Promise<PutParticipantResult> {
    refuseInvalid(command.declaration);
    const result = await this.unitOfWork.run(async (tx) => {
      const before = await this.participants.lockTx(tx, command.declaration.name);
      return before ? this.replaceTx(tx, before, command) : this.createTx(tx, command);
    });
    this.changed.emit();
    return result;
  }

  private async createTx(tx: Tx, command: PutParticipant): Promise<PutParticipantResult> {
    const { declaration, ifMatch, caller } = command;
    if (ifMatch) throw new PreconditionFailed();
    const inserted = await this.participants.insertTx(tx, declaration, 'operator');
    if (!inserted) {
      // Somebody else has just created it: now there is a row to lock.
      const before = await this.participants.lockTx(tx, declaration.name);
      if (!before) throw new Error('a participant vanished');
      return this.replaceTx(tx, before, command);
    }
    const { name, ...after } = declaration;
    await this.audit.recordTx(tx, {
      caller,
      action: 'participant.create',
      resource: `participants/${name}`,
      after,
    });
    return { created: true, participant: await this.participants.viewTx(tx, inserted) };
  }

  private async replaceTx(tx: Tx, row: Participant, command: PutParticipant): Promise<PutParticipantResult> {
    const { declaration, ifMatch, caller } = command;
    ifMatch?.check(row.version);
    await this.guardTx(tx, row, declaration);
    const { required, capabilities, stores, ackTimeoutMs } = declaration;
    const replaced = await this.participants.changeTx(tx, row, {
      required,
      capabilities: [...capabilities],
      stores: [...stores],
      ackTimeoutMs,
      declaredBy: 'operator',
      retiredAt: null,
      retiredBy: null,
      retireReason: null,
    });
    await this.audit.recordTx(tx, {
      caller,
      action: 'participant.replace',
      resource: `participants/${row.name}`,
      before: declarationOf(row),
      after: declarationOf(replaced),
    });
    return { created: false, participant: await this.participants.viewTx(tx, replaced) };
  }

  /** What it was asked for it has to be asked back: to open what it closed, and to destroy what it provisioned. */
  private async guardTx(tx: Tx, row: Participant, declaration: ParticipantDeclaration): Promise<void> {
    const lost = row.capabilities.filter((one) => !declaration.capabilities.includes(one));
    const holdings = lost.length > 0 && (await needsTx(tx, row.name, lost));
    if (!holdings) return;
    const what = `It cannot lose ${lost.join(', ')}`;
    const next = 'Make it optional, delete those tenants, or retire it.';
    throw new ParticipantHoldsTenants(row.name, what, next, holdings);
  }
}

function refuseInvalid({ capabilities, stores }: ParticipantDeclaration): void {
  const problems = [
    { pointer: '/capabilities', detail: capabilitiesProblem(capabilities) },
    { pointer: '/stores', detail: storesProblem(capabilities, stores) },
  ];
  const errors = problems.flatMap(({ pointer, detail }) =>
    detail === undefined ? [] : [{ in: 'body' as const, pointer, detail }],
  );
  if (errors.length > 0) throw new InvalidRequest(errors);
}

function declarationOf(row: Participant): Record<string, unknown> {
  const { required, capabilities, stores, ackTimeoutMs, declaredBy } = row;
  return { required, capabilities, stores, ackTimeoutMs, declaredBy, retired: row.retiredAt !== null };
}
