import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { MESSAGE_SCHEMAS, type MessageType, type Payload } from './messages.js';
import { opened } from './open-schema.js';

// ajv-formats is CommonJS whose default export is the module object under nodenext.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
addFormats(ajv);

type Side = 'writer' | 'reader';
const compiled = new Map<string, ValidateFunction>();

function validator(type: MessageType, side: Side): ValidateFunction {
  const key = `${side}:${type}`;
  let validate = compiled.get(key);
  if (!validate) {
    const schema = MESSAGE_SCHEMAS[type];
    validate = ajv.compile(side === 'writer' ? schema : opened(schema));
    compiled.set(key, validate);
  }
  return validate;
}

export type SchemaCheck<T> =
  { readonly ok: true; readonly data: T } | { readonly ok: false; readonly reason: string };

function check<T extends MessageType>(type: T, data: unknown, side: Side): SchemaCheck<Payload<T>> {
  const validate = validator(type, side);
  const valid: boolean = validate(data);
  if (valid) return { ok: true, data: data as Payload<T> };
  return { ok: false, reason: `${type}: ${ajv.errorsText(validate.errors, { dataVar: 'data' })}` };
}

/** Checks what we are about to publish: closed, an undeclared property is an error. */
export function checkOutgoing<T extends MessageType>(type: T, data: unknown): SchemaCheck<Payload<T>> {
  return check(type, data, 'writer');
}

/** Checks what we received: open, so that a newer writer's optional additions pass. */
export function checkIncoming<T extends MessageType>(type: T, data: unknown): SchemaCheck<Payload<T>> {
  return check(type, data, 'reader');
}

/** Whether this build knows the message type at all. */
export function isKnownMessageType(type: string): type is MessageType {
  return Object.hasOwn(MESSAGE_SCHEMAS, type);
}
