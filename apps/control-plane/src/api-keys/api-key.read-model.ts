import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { ApiKey } from './api-key.entity.js';
import { toApiKeyView, type ApiKeyView } from './api-key.view.js';

/** API keys for reading; never their hashes. */
@Injectable()
export class ApiKeyReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** A page in the order of creation, revoked and expired keys included. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<ApiKeyView>> {
    const keys = await this.dataSource.getRepository(ApiKey).find({
      where: cursor === undefined ? {} : { id: MoreThan(decodeCursor(cursor, isUuid)) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
    return pageOf(keys.map(toApiKeyView), limit, (key) => key.id);
  }
}
