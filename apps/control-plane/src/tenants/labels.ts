import { registerDecorator, type ValidationOptions } from 'class-validator';

export const MAX_LABELS = 32;
export const LABEL_KEY_PATTERN = '^[a-z][a-z0-9._/-]{0,62}$';
export const LABEL_VALUE_MAX = 200;
/** A label in a filter: `key:value`. */
export const LABEL_FILTER_PATTERN = '^[a-z][a-z0-9._/-]{0,62}:.{0,200}$';

/** Labels in the OpenAPI document. */
export const LABELS_SCHEMA = {
  type: 'object',
  maxProperties: MAX_LABELS,
  additionalProperties: { type: 'string', maxLength: LABEL_VALUE_MAX },
  description: `At most ${MAX_LABELS} labels; keys match ${LABEL_KEY_PATTERN}.`,
  example: { tier: 'gold' },
} as const;

const KEY = new RegExp(LABEL_KEY_PATTERN);

/** Labels are a flat object of short texts. */
export function isLabels(value: unknown): value is Record<string, string> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_LABELS &&
    entries.every(
      ([key, text]) => KEY.test(key) && typeof text === 'string' && text.length <= LABEL_VALUE_MAX,
    )
  );
}

/** Validates a property as {@link isLabels}. */
export function IsLabels(options?: ValidationOptions): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'isLabels',
      target: target.constructor,
      propertyName: String(propertyName),
      ...(options ? { options } : {}),
      validator: {
        validate: isLabels,
        defaultMessage: () =>
          `must be an object of at most ${MAX_LABELS} labels, keys matching ${LABEL_KEY_PATTERN}, values texts of at most ${LABEL_VALUE_MAX} characters`,
      },
    });
  };
}

/** Reads `key:value` filters; a later one of the same key wins. */
export function labelsOf(filters: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    filters.map((filter) => [filter.slice(0, filter.indexOf(':')), filter.slice(filter.indexOf(':') + 1)]),
  );
}
