import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { GetParkedFactHandler } from './get-parked-fact.query.js';
import { GetReplayHandler } from './get-replay.query.js';
import { ListParkedFactsHandler } from './list-parked-facts.query.js';
import { ParkedFactController } from './parked-fact.controller.js';
import { ParkedFactReadModel } from './parked-fact.read-model.js';
import { RecoverParkedFactHandler } from './recover-parked-fact.command.js';
import { RecoveryModule } from './recovery.module.js';
import { ReplayController } from './replay.controller.js';
import { ReplayTenantHandler } from './replay-tenant.command.js';

/** Facts that participants could not apply, and what operators can do about them; needs DatabaseModule and CqrsModule. */
@Module({
  imports: [LifecycleModule, RecoveryModule],
  controllers: [ParkedFactController, ReplayController],
  providers: [
    ParkedFactReadModel,
    GetParkedFactHandler,
    GetReplayHandler,
    ListParkedFactsHandler,
    RecoverParkedFactHandler,
    ReplayTenantHandler,
  ],
})
export class ParkedModule {}
