import type { Envelope } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { excessOf } from './message-bounds.js';

/** What came of reading something that should be an envelope. */
export type ParsedEnvelope =
  { readonly ok: true; readonly envelope: Envelope } | { readonly ok: false; readonly reason: string };

const REQUIRED = ['id', 'source', 'type', 'time', 'subject'] as const;
const OPTIONAL = ['tenantSeq', 'generation', 'traceparent', 'tracestate'] as const;
const NUMBERS = ['tenantSeq', 'generation'] as const;
const LONGEST_ATTRIBUTE = 512;
const BIGGEST = 2n ** 63n - 1n;

/**
 * Checks the attributes, and that the payload is neither too large nor too deep for whoever handles it, to whom it is left
 * whether it fits its type's schema.
 */
export function parseEnvelope(value: unknown): ParsedEnvelope {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { ok: false, reason: 'not an object' };
  const fields = value as Record<string, unknown>;
  for (const name of REQUIRED) {
    if (!isAttribute(fields[name]))
      return {
        ok: false,
        reason: `${name} is missing, or no plain text of at most ${LONGEST_ATTRIBUTE} characters`,
      };
  }
  for (const name of OPTIONAL) {
    if (fields[name] !== undefined && !isAttribute(fields[name]))
      return { ok: false, reason: `${name} is no plain text` };
  }
  for (const name of NUMBERS) {
    if (fields[name] !== undefined && !isDecimal(fields[name]))
      return { ok: false, reason: `${name} is no decimal number` };
  }
  const excess = excessOf(fields['data']);
  if (excess !== undefined) return { ok: false, reason: `data is ${excess}` };
  const entries = [...REQUIRED, ...OPTIONAL].flatMap((name) =>
    fields[name] === undefined ? [] : [[name, fields[name]]],
  );
  return { ok: true, envelope: { ...Object.fromEntries(entries), data: fields['data'] } as Envelope };
}

/** As `parseEnvelope`, of the envelope's text. */
export function parseEnvelopeText(text: string): ParsedEnvelope {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not JSON' };
  }
  return parseEnvelope(value);
}

/** Demands of a lifecycle event a tenant and a sequence too, without which it has no position. */
export function positioned(parsed: ParsedEnvelope): ParsedEnvelope {
  if (!parsed.ok) return parsed;
  if (!isUuid(parsed.envelope.subject)) return { ok: false, reason: 'subject is no tenant id' };
  if (parsed.envelope.tenantSeq === undefined) return { ok: false, reason: 'tenantSeq is missing' };
  return parsed;
}

/** Also no control characters and no half of a surrogate pair: Postgres stores neither, and a message that cannot be stored cannot be passed. */
function isAttribute(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= LONGEST_ATTRIBUTE &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}

function isDecimal(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9]{1,19}$/.test(value) && BigInt(value) <= BIGGEST;
}
