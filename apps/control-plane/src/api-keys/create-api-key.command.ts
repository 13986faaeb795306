import { InvalidRequest, newApiKey, type Role } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { currentDryRun } from '../dry-run/dry-run.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyStore } from './api-key.store.js';
import { toApiKeyView, type ApiKeyView } from './api-key.view.js';

/** A new key; `key` itself only in the first answer, since it is stored nowhere. */
export interface CreatedApiKey extends ApiKeyView {
  readonly key?: string;
}

/** Makes a key. @throws InvalidRequest when it would have expired already. */
export class CreateApiKey extends Command<CreatedApiKey> {
  constructor(
    readonly name: string,
    readonly role: Role,
    readonly expiresAt: Date | null,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(CreateApiKey)
export class CreateApiKeyHandler implements ICommandHandler<CreateApiKey> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ApiKeyStore,
    private readonly audit: AuditLog,
  ) {}

  async execute({ name, role, expiresAt, caller }: CreateApiKey): Promise<CreatedApiKey> {
    const { id, key, hash } = newApiKey();
    const view = await this.unitOfWork.run(async (tx) => {
      if (expiresAt && expiresAt <= tx.now) {
        throw new InvalidRequest([{ in: 'body', pointer: '/expiresAt', detail: 'must be in the future' }]);
      }
      const row = Object.assign(new ApiKey(), {
        id,
        name,
        role,
        keyHash: Buffer.from(hash, 'hex'),
        createdBy: caller.actor,
        createdAt: tx.now,
        expiresAt,
        revokedAt: null,
      });
      await this.keys.insertTx(tx, row);
      tx.dryRun?.madeUp(id);
      const created = toApiKeyView(row);
      await this.audit.recordTx(tx, {
        caller,
        action: 'api_key.create',
        resource: `api-keys/${id}`,
        after: { name, role, expiresAt: created.expiresAt },
      });
      return created;
    });
    // Outside of the transaction, whose result is kept for replays. A dry run has no key to show: this one opens nothing.
    return currentDryRun() ? view : { ...view, key };
  }
}
