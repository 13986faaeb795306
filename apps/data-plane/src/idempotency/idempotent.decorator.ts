import { UseInterceptors, applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '@tenantry/service';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';

/** Lets a route take an Idempotency-Key: every POST and DELETE. */
export function Idempotent(): MethodDecorator {
  return applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Names this request, for 24 hours, this caller and this tenant: sent again with the same key, it is answered ' +
        'as the first time (with `Idempotency-Replayed: true`) and does nothing more.',
      schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
    }),
    ApiProblems(409, 422),
  );
}
