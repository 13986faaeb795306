import { pointerToken, type FieldError, type RequestPart } from './problem.js';

/** Deeper nesting than this is refused, so that no recursive walk behind us can exhaust the stack. */
export const MAX_JSON_DEPTH = 32;

/** Copying a value property by property, as the validation does, drops these or changes the copy's prototype. */
const REFUSED_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether Postgres and every JSON parser would take this text as it is: no NUL, no lone surrogate. */
export function isSaneText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function textError(part: RequestPart, pointer: string, what: string): FieldError {
  return { in: part, pointer, detail: `${what} must not contain NUL characters or lone surrogates` };
}

/**
 * Walks a parsed value and reports every text that is not sane, every name that is not sane or means something to
 * JavaScript itself, and the first place that is nested deeper than {@link MAX_JSON_DEPTH}. Iterative: the value may be
 * anything a caller could send.
 */
export function findInsaneText(part: RequestPart, value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const pending: { value: unknown; pointer: string; depth: number }[] = [{ value, pointer: '', depth: 0 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value: current, pointer, depth } = next;
    if (typeof current === 'string' && !isSaneText(current)) errors.push(textError(part, pointer, 'text'));
    if (typeof current !== 'object' || current === null) continue;
    if (depth >= MAX_JSON_DEPTH) {
      return [{ in: part, pointer: '', detail: `must not be nested deeper than ${MAX_JSON_DEPTH} levels` }];
    }
    for (const [name, child] of Object.entries(current)) {
      const childPointer = pointer + pointerToken(name);
      // The name itself cannot be repeated in the answer, so the pointer stays at its parent.
      if (!isSaneText(name)) errors.push(textError(part, pointer, 'names'));
      else if (REFUSED_NAMES.has(name))
        errors.push({ in: part, pointer: childPointer, detail: 'this name is not allowed' });
      else pending.push({ value: child, pointer: childPointer, depth: depth + 1 });
    }
  }
  return errors;
}
