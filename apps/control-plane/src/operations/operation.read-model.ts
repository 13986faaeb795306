import type { OperationState } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, In, LessThan } from 'typeorm';
import { Operation } from './operation.entity.js';
import { toOperationView, type OperationView } from './operation.view.js';
import { Task } from './task.entity.js';

/** Which operations to list; all given conditions hold together. */
export interface OperationFilter {
  /** A UUID. */
  readonly tenantId?: string | undefined;
  readonly state?: OperationState | undefined;
}

/** Operations with their tasks for reading: outside of any command's transaction. */
@Injectable()
export class OperationReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** @param id a UUID. */
  async find(id: string): Promise<OperationView | undefined> {
    const operation = await this.dataSource.getRepository(Operation).findOneBy({ id });
    return operation ? (await this.withTasks([operation]))[0] : undefined;
  }

  /** A page, newest first. @throws InvalidRequest for a made-up cursor. */
  async list(filter: OperationFilter, limit: number, cursor?: string): Promise<Page<OperationView>> {
    const { tenantId, state } = filter;
    const operations = await this.dataSource.getRepository(Operation).find({
      where: {
        ...(tenantId !== undefined && { tenantId }),
        ...(state !== undefined && { state }),
        ...(cursor !== undefined && { id: LessThan(decodeCursor(cursor, isUuid)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const page = pageOf(operations, limit, (operation) => operation.id);
    return { ...page, data: await this.withTasks(page.data) };
  }

  private async withTasks(operations: readonly Operation[]): Promise<OperationView[]> {
    const tasks = await this.dataSource.getRepository(Task).find({
      where: { operationId: In(operations.map((operation) => operation.id)) },
      order: { participant: 'ASC' },
    });
    const byOperation = Map.groupBy(tasks, (task) => task.operationId);
    return operations.map((operation) => toOperationView(operation, byOperation.get(operation.id) ?? []));
  }
}
