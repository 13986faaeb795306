import { Global, Module } from '@nestjs/common';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotencyStore } from './idempotency.store.js';
import { IdempotentCommandBus } from './idempotent-command-bus.js';

/** Global: any feature's routes may be idempotent. */
@Global()
@Module({
  providers: [IdempotencyStore, IdempotencyInterceptor, IdempotentCommandBus],
  exports: [IdempotencyStore, IdempotencyInterceptor, IdempotentCommandBus],
})
export class IdempotencyModule {}
