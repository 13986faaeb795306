import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditExport } from './audit-export.js';
import { AuditReadModel } from './audit.read-model.js';
import { CheckpointStore } from './checkpoint.store.js';
import { ListAuditHandler } from './list-audit.query.js';
import { ListCheckpointsHandler } from './list-checkpoints.query.js';

/** Reading the audit log; needs DatabaseModule and CqrsModule. */
@Module({
  controllers: [AuditController],
  providers: [CheckpointStore, AuditReadModel, AuditExport, ListAuditHandler, ListCheckpointsHandler],
})
export class AuditModule {}
