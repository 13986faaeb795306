import { ValidateIf } from 'class-validator';

/**
 * The property may be left out. Unlike class-validator's IsOptional, `null` is not leaving out: it is validated, and so
 * refused wherever a text or a number is asked for, before it reaches a column that can't be null.
 */
export function IsOmittable(): PropertyDecorator {
  return ValidateIf((_object, value: unknown) => value !== undefined);
}
