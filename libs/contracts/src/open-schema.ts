/** The open (reader) form of a closed (writer) schema: the same, but undeclared properties are let through. */
export function opened(schema: unknown): object {
  return open(schema) as object;
}

function open(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(open);
  if (node === null || typeof node !== 'object') return node;
  const entries = Object.entries(node).filter(
    ([key, value]) => !(key === 'additionalProperties' && value === false),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, open(value)]));
}
