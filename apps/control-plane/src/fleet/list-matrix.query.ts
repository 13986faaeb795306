import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { MatrixReadModel, type MatrixFilter } from './matrix.read-model.js';
import type { MatrixRow } from './matrix.view.js';

/** A page of the matrix of tenants and participants, by tenant id. */
export class ListMatrix extends Query<Page<MatrixRow>> {
  constructor(
    readonly filter: MatrixFilter,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListMatrix)
export class ListMatrixHandler implements IQueryHandler<ListMatrix> {
  constructor(private readonly matrix: MatrixReadModel) {}

  execute({ filter, limit, cursor }: ListMatrix): Promise<Page<MatrixRow>> {
    return this.matrix.list(filter, limit, cursor);
  }
}
