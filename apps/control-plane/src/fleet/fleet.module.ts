import { Module } from '@nestjs/common';
import { ExplainingModule } from '../explaining/explaining.module.js';
import { FleetController } from './fleet.controller.js';
import { ListMatrixHandler } from './list-matrix.query.js';
import { ListStuckHandler } from './list-stuck.query.js';
import { MatrixReadModel } from './matrix.read-model.js';
import { StuckReadModel } from './stuck.read-model.js';

/** The views of all tenants together; needs DatabaseModule, LifecycleSettingsModule and CqrsModule. */
@Module({
  imports: [ExplainingModule],
  controllers: [FleetController],
  providers: [StuckReadModel, MatrixReadModel, ListStuckHandler, ListMatrixHandler],
})
export class FleetModule {}
