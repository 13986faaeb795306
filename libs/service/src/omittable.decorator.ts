import { ValidateIf } from 'class-validator';

/** A property that may be left out, but not be null: unlike `@IsOptional()`, which lets null through unchecked. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_object: unknown, value: unknown) => value !== undefined);
}
