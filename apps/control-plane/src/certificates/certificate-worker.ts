import { WorkLoop } from '@tenantry/messaging';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { CertificateIssuer } from './certificate-issuer.js';
import { CertificateStore } from './certificate.store.js';

const BATCH = 20;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Issues the certificates that are owed, on any number of replicas. */
@Injectable()
export class CertificateWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(CertificateWorker.name);
  private readonly loop: WorkLoop;
  private after = BEFORE_ALL;

  constructor(
    private readonly dataSource: DataSource,
    private readonly certificates: CertificateStore,
    private readonly issuer: CertificateIssuer,
  ) {
    this.loop = new WorkLoop({
      step: () => this.step(),
      minPauseMs: 100,
      maxPauseMs: 1000,
      onError: (error) =>
        this.logger.error({ msg: 'could not look for certificates that are owed', err: error }),
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  /** Walks over all that are owed, so that those that cannot be made keep none from its turn. */
  private async step(): Promise<boolean> {
    const due = await this.certificates.due(managerExecutor(this.dataSource.manager), BATCH, this.after);
    for (const tenantId of due) await this.issue(tenantId);
    const more = due.length === BATCH;
    this.after = (more && due.at(-1)) || BEFORE_ALL;
    return more;
  }

  /** One tenant whose certificate can't be made holds up no other. */
  private async issue(tenantId: string): Promise<void> {
    try {
      await this.issuer.issue(tenantId);
    } catch (error) {
      this.logger.error({ msg: 'could not issue a certificate', tenantId, err: error });
    }
  }
}
