import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { pointerToken, type FieldError, type RequestPart } from './problem.js';
import { InvalidRequest } from './request-errors.js';

const PARTS: Record<ArgumentMetadata['type'], RequestPart> = {
  body: 'body',
  query: 'query',
  param: 'path',
  custom: 'body',
};

function flatten(errors: readonly ValidationError[], part: RequestPart, parent = ''): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = parent + pointerToken(error.property);
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ in: part, pointer, detail }));
    return [...own, ...flatten(error.children ?? [], part, pointer)];
  });
}

function requireObject(body: unknown): void {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return;
  const detail = body === undefined ? 'a JSON object is required' : 'must be a JSON object';
  throw new InvalidRequest([{ in: 'body', pointer: '', detail }]);
}

/**
 * Checks bodies, queries and parameters against their DTO class: undeclared properties are refused, nothing is
 * converted unless the DTO says so (`@Type`), and each error is reported with the part it is in and its pointer.
 */
export class RequestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => new InvalidRequest(flatten(errors, 'body')),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const part = PARTS[metadata.type];
    if (metadata.type === 'body' && this.toValidate(metadata)) requireObject(value);
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      if (!(error instanceof InvalidRequest) || part === 'body') throw error;
      throw new InvalidRequest(error.errors.map((each) => ({ ...each, in: part })));
    }
  }
}
