import { Module, type DynamicModule } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { AuditLogStore } from '../audit/audit-log.store.js';
import { SigningKeyStore } from '../signing/signing-key.store.js';
import { SigningKey } from '../signing/signing-key.js';
import { CertificateIssuer, RETENTION } from './certificate-issuer.js';
import { CertificateWorker } from './certificate-worker.js';
import { CertificateStore } from './certificate.store.js';
import type { RetentionStatements } from './remnants.js';

/** Issuing of deletion certificates; needs DatabaseModule. */
@Module({})
export class CertificateWorkersModule {
  static forRoot(key: SigningKey, retention: RetentionStatements): DynamicModule {
    return {
      module: CertificateWorkersModule,
      providers: [
        { provide: SigningKey, useValue: key },
        { provide: RETENTION, useValue: retention },
        AuditLog,
        AuditLogStore,
        SigningKeyStore,
        CertificateStore,
        CertificateIssuer,
        CertificateWorker,
      ],
    };
  }
}
