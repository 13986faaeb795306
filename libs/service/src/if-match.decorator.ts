import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from './api-problems.decorator.js';
import { IfMatch } from './etag.js';
import type { HttpRequest } from './http-message.js';

/** What the document says; anything else is answered as a tag that does not match. */
const IF_MATCH_PATTERN = '^(\\*|(W/)?"[^"]*"(, *(W/)?"[^"]*")*)$';

function header(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<HttpRequest>().headers['if-match'];
}

/** Parameter: the request's {@link IfMatch}; without the header the request is answered with 428. */
export const RequiredIfMatch = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  IfMatch.require(header(context)),
);

/** Parameter: the request's {@link IfMatch}, or `undefined` without the header. */
export const OptionalIfMatch = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  IfMatch.parse(header(context)),
);

/** Documents the header and its answers on a route that takes one of the parameters above. */
export function ApiIfMatch(options: { required: boolean }): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: options.required,
      description: 'The ETag of the version that you have read.',
      schema: { type: 'string', minLength: 1, pattern: IF_MATCH_PATTERN, example: '"1"' },
    }),
    ApiProblems(...(options.required ? ([412, 428] as const) : ([412] as const))),
  );
}
