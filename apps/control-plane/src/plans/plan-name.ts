/** The names of plans: lower-case ASCII that begins with a letter, at most 63 characters. */
export const PLAN_NAME_PATTERN = '^[a-z][a-z0-9-]{0,62}$';

const NAME = new RegExp(PLAN_NAME_PATTERN);

export function isPlanName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}
