import type { JsonSchema } from '@tenantry/contracts';

/** One property of a schema, wherever in it, for people. */
export interface SchemaRow {
  /** From the top, `[]` for the items of a list. */
  readonly path: string;
  readonly type: string;
  /** Whether it is there whenever what it belongs to is. */
  readonly required: boolean;
  readonly limits: string;
  readonly description: string;
}

/** All properties of a schema, each followed by what is in it. */
export function schemaRows(schema: JsonSchema, prefix = ''): readonly SchemaRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = prefix + name;
    const { items } = property;
    const row: SchemaRow = {
      path,
      type: items ? `list of ${typeOf(items)}` : typeOf(property),
      required: schema.required?.includes(name) ?? false,
      limits: [...limitsOf(property), ...(items ? limitsOf(items) : [])].join('; '),
      description: property.description ?? '',
    };
    return [row, ...schemaRows(property, `${path}.`), ...(items ? schemaRows(items, `${path}[].`) : [])];
  });
}

function typeOf({ type, format }: JsonSchema): string {
  return format ?? [type ?? 'any'].flat().join(' or ');
}

function limitsOf(schema: JsonSchema): readonly string[] {
  const { const: constant, pattern, minimum, maximum, minLength, maxLength, minItems, uniqueItems } = schema;
  return [
    ...(constant === undefined ? [] : [constant]),
    ...(schema.enum === undefined ? [] : [schema.enum.join(', ')]),
    ...(pattern === undefined ? [] : [pattern]),
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
    ...(minLength === undefined ? [] : [`at least ${minLength} characters`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(minItems === undefined ? [] : [`at least ${minItems}`]),
    ...(uniqueItems === true ? ['each once'] : []),
  ];
}
