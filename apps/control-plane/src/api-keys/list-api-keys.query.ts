import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ApiKeyReadModel } from './api-key.read-model.js';
import type { ApiKeyView } from './api-key.view.js';

/** A page of API keys in the order of creation. */
export class ListApiKeys extends Query<Page<ApiKeyView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListApiKeys)
export class ListApiKeysHandler implements IQueryHandler<ListApiKeys> {
  constructor(private readonly keys: ApiKeyReadModel) {}

  execute({ limit, cursor }: ListApiKeys): Promise<Page<ApiKeyView>> {
    return this.keys.list(limit, cursor);
  }
}
