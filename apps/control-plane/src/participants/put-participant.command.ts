import { InvalidRequest, PreconditionFailed, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { capabilitiesProblem } from './capability-rules.js';
import { Participant } from './participant.entity.js';
import { ParticipantStore, type ParticipantDeclaration } from './participant.store.js';
import { toParticipantView, type ParticipantView } from './participant.view.js';
import { ParticipantsChanged } from './participants-changed.js';

export interface PutParticipantResult {
  readonly created: boolean;
  readonly participant: ParticipantView;
}

/** Declares a participant, or replaces what was declared of it. @throws PreconditionFailed */
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
    const detail = capabilitiesProblem(command.declaration.capabilities);
    if (detail) throw new InvalidRequest([{ in: 'body', pointer: '/capabilities', detail }]);
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
    const inserted = await this.participants.insertTx(tx, declaration);
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
    return { created: true, participant: toParticipantView(inserted) };
  }

  private async replaceTx(tx: Tx, row: Participant, command: PutParticipant): Promise<PutParticipantResult> {
    const { declaration, ifMatch, caller } = command;
    ifMatch?.check(row.version);
    const replaced = await this.participants.replaceTx(tx, row, declaration);
    await this.audit.recordTx(tx, {
      caller,
      action: 'participant.replace',
      resource: `participants/${row.name}`,
      before: declarationOf(row),
      after: declarationOf(replaced),
    });
    return { created: false, participant: toParticipantView(replaced) };
  }
}

function declarationOf(row: Participant): Record<string, unknown> {
  const { required, capabilities, stores, ackTimeoutMs } = row;
  return { required, capabilities, stores, ackTimeoutMs };
}
