import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import type { PublicJwk } from './signing-key.js';
import { SigningKeyStore } from './signing-key.store.js';
import { usedKey } from './used-key.js';

/** Every key that checkpoints and certificates were ever signed with, for whoever verifies them. */
@Injectable()
export class JwksReadModel {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: SigningKeyStore,
  ) {}

  /** A JSON Web Key Set (RFC 7517), oldest first. */
  async jwks(): Promise<{ keys: PublicJwk[] }> {
    const claimed = await this.keys.claimed(managerExecutor(this.dataSource.manager));
    const shown = await Promise.all(claimed.map(usedKey));
    return { keys: shown.filter((key) => key !== undefined) };
  }
}
