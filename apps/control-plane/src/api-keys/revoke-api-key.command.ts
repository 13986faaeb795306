import { NotFound } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { LastAdminKey } from './api-key.errors.js';
import { ApiKeyStore } from './api-key.store.js';

/** Revokes a key for good; again is no error. @throws NotFound, LastAdminKey */
export class RevokeApiKey extends Command<void> {
  constructor(
    readonly id: string,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(RevokeApiKey)
export class RevokeApiKeyHandler implements ICommandHandler<RevokeApiKey> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ApiKeyStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ id, caller }: RevokeApiKey): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      const lastingAdmins = await this.keys.lockLastingAdminsTx(tx);
      const key = await this.keys.findTx(tx, id);
      if (!key) throw new NotFound('API key');
      if (key.revokedAt) return;
      if (lastingAdmins.length === 1 && lastingAdmins[0] === id) throw new LastAdminKey();
      await this.keys.revokeTx(tx, id);
      await this.audit.recordTx(tx, {
        caller,
        action: 'api_key.revoke',
        resource: `api-keys/${id}`,
        before: { name: key.name, role: key.role },
        irreversible: `The API key "${key.name}" is refused at once and for good; whoever uses it needs a new one.`,
      });
    });
  }
}
