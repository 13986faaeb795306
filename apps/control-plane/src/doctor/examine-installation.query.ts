import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { Inject } from '@nestjs/common';
import { APP_INFO } from '../app-info.js';
import type { DoctorView } from './doctor.view.js';
import { examine, type Examination } from './examine.js';
import { overallStatus } from './finding.js';

export const EXAMINATION = Symbol('EXAMINATION');

/** What the doctor finds, looking from this process. */
export class ExamineInstallation extends Query<DoctorView> {}

@QueryHandler(ExamineInstallation)
export class ExamineInstallationHandler implements IQueryHandler<ExamineInstallation> {
  /** Whoever asks meanwhile gets the same answer: each look opens connections of its own. */
  private running: Promise<DoctorView> | undefined;

  constructor(@Inject(EXAMINATION) private readonly examination: Examination) {}

  execute(): Promise<DoctorView> {
    this.running ??= this.look().finally(() => (this.running = undefined));
    return this.running;
  }

  private async look(): Promise<DoctorView> {
    const findings = await examine(this.examination);
    const checkedAt = new Date().toISOString();
    return { status: overallStatus(findings), version: APP_INFO.version, checkedAt, findings };
  }
}
