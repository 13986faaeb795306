import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { generateKeyPairSync } from 'node:crypto';
import { AuditCheckpointer } from '../audit/audit-checkpointer.js';
import { AuditLog } from '../audit/audit-log.js';
import { AuditLogStore } from '../audit/audit-log.store.js';
import { AuditSequencer } from '../audit/audit-sequencer.js';
import { CheckpointStore } from '../audit/checkpoint.store.js';
import { CertificateIssuer, RETENTION } from '../certificates/certificate-issuer.js';
import { CertificateStore } from '../certificates/certificate.store.js';
import type { RetentionStatements } from '../certificates/remnants.js';
import { DatabaseModule } from '../database/database.module.js';
import { SigningKeyStore } from '../signing/signing-key.store.js';
import { SigningKey } from '../signing/signing-key.js';

/** An Ed25519 key that nothing else was signed with. */
export function newSigningKey(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return SigningKey.fromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** What the certificates of these replicas say of copies that no purge reaches. */
export const TEST_RETENTION: RetentionStatements = { backupsMs: 30 * 86_400_000 };

/** One replica's sequencer, checkpointer and issuer of certificates with connections of their own; a test says when they work. */
export class AuditReplica {
  private constructor(
    readonly key: SigningKey,
    private readonly app: INestApplicationContext,
  ) {}

  static async start(serviceUrl: string, key?: SigningKey): Promise<AuditReplica> {
    const signingKey = key ?? (await newSigningKey());
    @Module({
      imports: [DatabaseModule.forRoot(serviceUrl, 4), CqrsModule.forRoot()],
      providers: [
        { provide: SigningKey, useValue: signingKey },
        AuditLogStore,
        CheckpointStore,
        SigningKeyStore,
        AuditSequencer,
        AuditCheckpointer,
        AuditLog,
        { provide: RETENTION, useValue: TEST_RETENTION },
        CertificateStore,
        CertificateIssuer,
      ],
    })
    class ReplicaModule {}
    const app = await NestFactory.createApplicationContext(ReplicaModule, {
      logger: false,
      abortOnError: false,
    });
    return new AuditReplica(signingKey, app);
  }

  get sequencer(): AuditSequencer {
    return this.app.get(AuditSequencer);
  }

  get checkpointer(): AuditCheckpointer {
    return this.app.get(AuditCheckpointer);
  }

  get issuer(): CertificateIssuer {
    return this.app.get(CertificateIssuer);
  }

  /** Sequences everything that waits. @returns how many entries that were. */
  async sequenceAll(): Promise<number> {
    let all = 0;
    for (let done = await this.sequencer.step(); done > 0; done = await this.sequencer.step()) all += done;
    return all;
  }

  /** Sequences what waits and signs it, whatever was signed how short a time ago. */
  async checkpoint(): Promise<void> {
    await this.sequenceAll();
    await this.checkpointer.sign(0);
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}
