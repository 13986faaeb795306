import { Module, type DynamicModule } from '@nestjs/common';
import { SigningKeyStore } from '../signing/signing-key.store.js';
import { SigningKey } from '../signing/signing-key.js';
import { AuditCheckpointer } from './audit-checkpointer.js';
import { AuditLogStore } from './audit-log.store.js';
import { AuditSequencer } from './audit-sequencer.js';
import { AUDIT_WORKER_OPTIONS, AuditWorker, type AuditWorkerOptions } from './audit-worker.js';
import { CheckpointStore } from './checkpoint.store.js';

/** Sequencing and signing of the audit log; needs DatabaseModule. */
@Module({})
export class AuditWorkersModule {
  static forRoot(key: SigningKey, options: AuditWorkerOptions): DynamicModule {
    return {
      module: AuditWorkersModule,
      providers: [
        { provide: SigningKey, useValue: key },
        { provide: AUDIT_WORKER_OPTIONS, useValue: options },
        AuditLogStore,
        CheckpointStore,
        SigningKeyStore,
        AuditSequencer,
        AuditCheckpointer,
        AuditWorker,
      ],
    };
  }
}
