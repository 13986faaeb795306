import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import type { PublicJwk } from './signing-key.js';
import { SigningKeyStore } from './signing-key.store.js';

/** Every key that checkpoints and certificates were ever signed with, for whoever verifies them. */
@Injectable()
export class JwksReadModel {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: SigningKeyStore,
  ) {}

  /** A JSON Web Key Set (RFC 7517), oldest first. */
  async jwks(): Promise<{ keys: PublicJwk[] }> {
    return { keys: await this.keys.published(managerExecutor(this.dataSource.manager)) };
  }
}
