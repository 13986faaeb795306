/** The largest payload, in bytes of JSON; well below what brokers take, so that size is never why a send fails. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** How many levels of objects and lists a payload may have, so that nothing that walks it can exhaust the stack. */
export const MAX_MESSAGE_DEPTH = 64;

const TOO_MANY_BYTES = `larger than ${MAX_MESSAGE_BYTES} bytes`;

/**
 * Says what of a payload is too much for a message, or nothing when it fits. To be asked before anything else looks at the
 * payload: the walk is iterative, and ends as soon as the answer is known.
 */
export function excessOf(payload: unknown): string | undefined {
  let bytesAtLeast = 0;
  const pending = [{ value: payload, depth: 0 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string') bytesAtLeast += value.length;
    if (typeof value === 'object' && value !== null) {
      if (depth >= MAX_MESSAGE_DEPTH) return `nested deeper than ${MAX_MESSAGE_DEPTH} levels`;
      for (const [name, child] of Object.entries(value)) {
        bytesAtLeast += Array.isArray(value) ? 1 : name.length + 1;
        pending.push({ value: child, depth: depth + 1 });
      }
    }
    if (bytesAtLeast > MAX_MESSAGE_BYTES) return TOO_MANY_BYTES;
  }
  // Now it is small and flat enough to be written down whole.
  return Buffer.byteLength(JSON.stringify(payload) ?? '') > MAX_MESSAGE_BYTES ? TOO_MANY_BYTES : undefined;
}
