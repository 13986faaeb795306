import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { FactHistory } from './fact-history.js';
import { ParkedFactStore } from './parked-fact.store.js';
import { RecoveryAnswers } from './recovery-answers.js';
import { RecoveryReminderWorker } from './recovery-reminder-worker.js';
import { RecoveryRequests } from './recovery-requests.js';
import { RecoveryStore } from './recovery.store.js';

/** What the commands, the acknowledgements and the worker share about parked facts. */
@Module({
  imports: [LifecycleModule],
  providers: [
    FactHistory,
    ParkedFactStore,
    RecoveryAnswers,
    RecoveryReminderWorker,
    RecoveryRequests,
    RecoveryStore,
  ],
  exports: [
    FactHistory,
    ParkedFactStore,
    RecoveryAnswers,
    RecoveryReminderWorker,
    RecoveryRequests,
    RecoveryStore,
  ],
})
export class RecoveryModule {}
