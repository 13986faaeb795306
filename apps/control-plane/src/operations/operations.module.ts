import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { CancelOperationHandler } from './cancel-operation.command.js';
import { DecideTaskHandler } from './decide-task.command.js';
import { GetOperationHandler } from './get-operation.query.js';
import { ListOperationsHandler } from './list-operations.query.js';
import { OperationController } from './operation.controller.js';
import { OperationReadModel } from './operation.read-model.js';
import { OperatorController } from './operator.controller.js';
import { OperatorDesk } from './operator-desk.js';
import { RetryOperationHandler } from './retry-operation.command.js';

/** Operations and what operators can do about them; needs DatabaseModule and CqrsModule. */
@Module({
  imports: [LifecycleModule],
  controllers: [OperationController, OperatorController],
  providers: [
    OperationReadModel,
    OperatorDesk,
    GetOperationHandler,
    ListOperationsHandler,
    RetryOperationHandler,
    CancelOperationHandler,
    DecideTaskHandler,
  ],
})
export class OperationsModule {}
