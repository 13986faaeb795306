import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { OperationReadModel, type OperationFilter } from './operation.read-model.js';
import type { OperationView } from './operation.view.js';

/** A page of operations, newest first. */
export class ListOperations extends Query<Page<OperationView>> {
  constructor(
    readonly filter: OperationFilter,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListOperations)
export class ListOperationsHandler implements IQueryHandler<ListOperations> {
  constructor(private readonly operations: OperationReadModel) {}

  execute({ filter, limit, cursor }: ListOperations): Promise<Page<OperationView>> {
    return this.operations.list(filter, limit, cursor);
  }
}
