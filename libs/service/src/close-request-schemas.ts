import type { OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
const PREFIX = '#/components/schemas/';

/** The names of the schemas that a piece of the document refers to. */
function referencedNames(piece: unknown): string[] {
  if (typeof piece !== 'object' || piece === null) return [];
  return Object.entries(piece).flatMap(([key, value]: [string, unknown]) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(PREFIX)
      ? [value.slice(PREFIX.length)]
      : referencedNames(value),
  );
}

/**
 * Says in the document what the validation pipe does: a request body with an undeclared property is refused.
 * Answers stay open, so that clients bear additions.
 * @param requestBodies the document's request bodies; their schemas and those they refer to are closed.
 */
export function closeRequestSchemas(schemas: Schemas, requestBodies: readonly unknown[]): void {
  const seen = new Set<string>();
  const pending = requestBodies.flatMap(referencedNames);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const schema = schemas[name];
    if (seen.has(name) || !schema) continue;
    seen.add(name);
    pending.push(...referencedNames(schema));
    if (!('$ref' in schema) && schema.type === 'object') schema.additionalProperties ??= false;
  }
}
