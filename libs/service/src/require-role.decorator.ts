import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { Role } from './actor.js';

/** What a route declares about who may call it. */
export type Access = { readonly public: true } | { readonly public: false; readonly role: Role };

export const ACCESS_METADATA = 'tenantry:access';
export const BEARER_SCHEME = 'apiKey';

/** Lets in callers with this role or a greater one; on a method or on a whole controller (the method's wins). */
export function RequireRole(role: Role): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(ACCESS_METADATA, { public: false, role } satisfies Access),
    ApiSecurity(BEARER_SCHEME),
  );
}

/** Lets in everyone without a credential. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(ACCESS_METADATA, { public: true } satisfies Access);
}
