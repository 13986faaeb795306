import { parseDurationMs } from '@tenantry/kernel';

/** The variables of a process, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one variable; throws a text that says what it must be, and never holds its value. */
export interface Variable<T> {
  readonly name: string;
  read(raw: string | undefined): T;
}

/** Thrown when variables are missing or wrong. Its message names each of them and what it must be, never a value. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`invalid configuration: ${problems.join('; ')}`);
    this.name = 'ConfigError';
  }
}

class Complaint extends Error {}

function variable<T>(
  name: string,
  must: string,
  fallback: T | undefined,
  parse: (raw: string) => T | undefined,
): Variable<T> {
  return {
    name,
    read(raw) {
      if (raw === undefined || raw === '') {
        if (fallback !== undefined) return fallback;
        throw new Complaint(`${name} is required and must be ${must}`);
      }
      const value = parse(raw);
      if (value === undefined) throw new Complaint(`${name} must be ${must}`);
      return value;
    },
  };
}

/** Declares the variables of an app's one configuration schema. Empty counts as unset; without a default a variable is required. */
export const env = {
  text: (name: string, fallback?: string, pattern: RegExp = /^[^\0]+$/): Variable<string> =>
    variable(name, `text matching ${pattern}`, fallback, (raw) => (pattern.test(raw) ? raw : undefined)),

  integer: (name: string, range: { min: number; max: number; default?: number }): Variable<number> =>
    variable(name, `an integer from ${range.min} to ${range.max}`, range.default, (raw) => {
      const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
      return value >= range.min && value <= range.max ? value : undefined;
    }),

  port: (name: string, fallback?: number): Variable<number> =>
    env.integer(name, { min: 0, max: 65_535, ...(fallback === undefined ? {} : { default: fallback }) }),

  postgresUrl: (name: string): Variable<string> =>
    variable(name, 'a postgres:// URL', undefined, (raw) =>
      URL.canParse(raw) && /^postgres(ql)?:$/.test(new URL(raw).protocol) ? raw : undefined,
    ),

  /** A comma-separated list; blanks around items are dropped, and so are empty items. */
  list: (
    name: string,
    fallback?: readonly string[],
    item: RegExp = /^[^\0]+$/,
  ): Variable<readonly string[]> =>
    variable(name, `a comma-separated list of items matching ${item}`, fallback, (raw) => {
      const items = raw
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '');
      return items.length > 0 && items.every((each) => item.test(each)) ? Object.freeze(items) : undefined;
    }),

  /**
   * A text with a grammar of its own, which holds no secret. `parse` throws a RangeError that says what is wrong and where,
   * and the complaint repeats it.
   */
  parsed: <T>(name: string, fallback: T, parse: (raw: string) => T): Variable<T> => ({
    name,
    read(raw) {
      if (raw === undefined || raw === '') return fallback;
      try {
        return parse(raw);
      } catch (error) {
        if (error instanceof RangeError) throw new Complaint(`${name}: ${error.message}`);
        throw error;
      }
    },
  }),

  oneOf: <const T extends string>(name: string, values: readonly T[], fallback?: NoInfer<T>): Variable<T> =>
    variable(name, `one of ${values.join(', ')}`, fallback, (raw) => values.find((value) => value === raw)),

  /** An ISO 8601 duration of days or smaller units, read as milliseconds; so is the default. */
  durationMs: (name: string, fallbackMs?: number): Variable<number> =>
    variable(name, 'an ISO 8601 duration such as P30D or PT90S', fallbackMs, parseDurationMs),

  /** Makes a required variable optional: unset reads as `undefined`. */
  optional: <T>(required: Variable<T>): Variable<T | undefined> => ({
    name: required.name,
    read: (raw) => (raw === undefined || raw === '' ? undefined : required.read(raw)),
  }),
};

/** A schema's configuration. */
export type ConfigOf<S extends Readonly<Record<string, Variable<unknown>>>> = {
  readonly [K in keyof S]: S[K] extends Variable<infer T> ? T : never;
};

/**
 * Reads every variable of a schema, once, at boot.
 * @returns the frozen configuration. @throws ConfigError naming everything that is wrong.
 */
export function readConfig<S extends Readonly<Record<string, Variable<unknown>>>>(
  schema: S,
  from: Environment,
): ConfigOf<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, declared] of Object.entries(schema)) {
    try {
      values[key] = declared.read(from[declared.name]);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(values) as ConfigOf<S>;
}
