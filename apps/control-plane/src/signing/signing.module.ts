import { Module } from '@nestjs/common';
import { JwksController } from './jwks.controller.js';
import { JwksReadModel } from './jwks.read-model.js';
import { SigningKeyStore } from './signing-key.store.js';

/** The published keys; needs DatabaseModule. */
@Module({
  controllers: [JwksController],
  providers: [SigningKeyStore, JwksReadModel],
})
export class SigningModule {}
