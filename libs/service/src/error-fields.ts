/** What a log line says of an error. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly constraint?: string;
  readonly stack?: string;
  readonly cause?: ErrorFields;
}

const MAX_CAUSES = 5;

/**
 * Reads from an error what a log line may hold. All else stays out, whatever it is called: database drivers hang the
 * failing row on their errors, and what is built on them the statement's parameters.
 */
export function errorFields(error: unknown, causes = MAX_CAUSES): ErrorFields {
  if (!isErrorLike(error))
    return { type: typeof error, message: typeof error === 'string' ? error : 'no error was thrown' };
  const { code, constraint, stack, cause } = error;
  return {
    type: error.constructor.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(typeof constraint === 'string' && { constraint }),
    ...(typeof stack === 'string' && { stack }),
    ...(cause !== undefined && cause !== null && causes > 0 && { cause: errorFields(cause, causes - 1) }),
  };
}

interface ErrorLike {
  readonly message: string;
  readonly [name: string]: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  );
}
