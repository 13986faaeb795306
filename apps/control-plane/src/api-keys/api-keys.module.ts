import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { ApiKeyController } from './api-key.controller.js';
import { ApiKeyReadModel } from './api-key.read-model.js';
import { ApiKeyStore } from './api-key.store.js';
import { CreateApiKeyHandler } from './create-api-key.command.js';
import { KeyAuthenticator } from './key-authenticator.js';
import { ListApiKeysHandler } from './list-api-keys.query.js';
import { RevokeApiKeyHandler } from './revoke-api-key.command.js';

/** The API keys' REST surface; needs DatabaseModule, IdempotencyModule and CqrsModule. */
@Module({
  imports: [LifecycleModule],
  controllers: [ApiKeyController],
  providers: [
    ApiKeyStore,
    ApiKeyReadModel,
    KeyAuthenticator,
    CreateApiKeyHandler,
    RevokeApiKeyHandler,
    ListApiKeysHandler,
  ],
  exports: [KeyAuthenticator],
})
export class ApiKeysModule {}
