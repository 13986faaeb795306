import { NotFound } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { OperationReadModel } from './operation.read-model.js';
import type { OperationView } from './operation.view.js';

/** One operation by id, with its tasks. @throws NotFound */
export class GetOperation extends Query<OperationView> {
  constructor(readonly id: string) {
    super();
  }
}

@QueryHandler(GetOperation)
export class GetOperationHandler implements IQueryHandler<GetOperation> {
  constructor(private readonly operations: OperationReadModel) {}

  async execute({ id }: GetOperation): Promise<OperationView> {
    const operation = await this.operations.find(id);
    if (!operation) throw new NotFound('operation');
    return operation;
  }
}
