import { Module, type DynamicModule } from '@nestjs/common';
import type { Examination } from './examine.js';
import { DoctorController } from './doctor.controller.js';
import { EXAMINATION, ExamineInstallationHandler } from './examine-installation.query.js';

/** What the doctor finds, by REST; needs CqrsModule. */
@Module({})
export class DoctorModule {
  static forRoot(examination: Examination): DynamicModule {
    return {
      module: DoctorModule,
      controllers: [DoctorController],
      providers: [{ provide: EXAMINATION, useValue: examination }, ExamineInstallationHandler],
    };
  }
}
