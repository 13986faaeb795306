import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { roleCovers, type Actor } from './actor.js';
import type { HttpRequest } from './http-message.js';
import { setActor } from './request-context.js';
import { Forbidden, Unauthenticated } from './request-errors.js';
import { ACCESS_METADATA, type Access } from './require-role.decorator.js';

/** Knows an app's API keys. */
export interface ApiKeyAuthenticator {
  /**
   * Says whose key this is. The key is untrusted text of any form.
   * @returns `undefined` when the key is unknown, revoked or expired; rejects only when that cannot be found out.
   */
  authenticate(key: string): Promise<Actor | undefined>;
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/**
 * The global guard. A route that declares nothing is closed to everyone (403), which a forgotten decorator then
 * shows in its first test.
 */
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: ApiKeyAuthenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.public) return true;

    const request = context.switchToHttp().getRequest<HttpRequest>();
    const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const actor = key === undefined ? undefined : await this.authenticator.authenticate(key);
    if (!actor) throw new Unauthenticated();
    if (!access) throw new Forbidden('This route declares no role, so nobody may call it.');
    if (!roleCovers(actor.role, access.role)) {
      throw new Forbidden(`This needs the role ${access.role}; the key has ${actor.role}.`, {
        requiredRole: access.role,
        role: actor.role,
      });
    }
    setActor(request, actor);
    return true;
  }
}
