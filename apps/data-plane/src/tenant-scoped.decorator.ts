import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ApiProblems, InvalidRequest, addLogFields, isUuid, type HttpRequest } from '@tenantry/service';

const HEADER = 'Tenantry-Tenant';

/** The tenant that a request is about. @throws InvalidRequest when the header is missing or no UUID. */
export function tenantIdOf(request: HttpRequest): string {
  const given = request.headers[HEADER.toLowerCase()];
  if (!isUuid(given)) {
    throw new InvalidRequest([
      {
        in: 'header',
        pointer: `/${HEADER}`,
        detail: `send the tenant's id (a UUID) in the header ${HEADER}`,
      },
    ]);
  }
  const tenantId = given.toLowerCase();
  addLogFields({ tenantId });
  return tenantId;
}

/** Parameter: {@link tenantIdOf} the request. */
export const TenantId = createParamDecorator((_data: unknown, context: ExecutionContext): string =>
  tenantIdOf(context.switchToHttp().getRequest<HttpRequest>()),
);

/** Documents a controller whose every route takes {@link TenantId}. */
export function TenantScoped(): ClassDecorator {
  return applyDecorators(
    ApiHeader({
      name: HEADER,
      required: true,
      description: 'The tenant that the call is about.',
      schema: { type: 'string', format: 'uuid' },
    }),
    ApiProblems(404),
  );
}
