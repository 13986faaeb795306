import { Module } from '@nestjs/common';
import { GetOperationHandler } from './get-operation.query.js';
import { ListOperationsHandler } from './list-operations.query.js';
import { OperationController } from './operation.controller.js';
import { OperationReadModel } from './operation.read-model.js';

/** Reading operations; needs DatabaseModule and CqrsModule. */
@Module({
  controllers: [OperationController],
  providers: [OperationReadModel, GetOperationHandler, ListOperationsHandler],
})
export class OperationsModule {}
