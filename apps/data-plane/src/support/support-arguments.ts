import { parseArgs } from 'node:util';

/** What somebody of support asks the command for. */
export interface SupportArguments {
  readonly actor: string;
  readonly reason: string;
  readonly minutes: number;
  /** Undefined: every tenant. */
  readonly tenants: readonly string[] | undefined;
  readonly write: boolean;
  readonly statement: string;
  /** What `$1`, `$2`… stand for. */
  readonly values: readonly string[];
}

/** Undefined when the arguments are not understood. */
export function readSupportArguments(args: readonly string[]): SupportArguments | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        actor: { type: 'string' },
        reason: { type: 'string' },
        minutes: { type: 'string', default: '15' },
        tenant: { type: 'string', multiple: true },
        'all-tenants': { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        value: { type: 'string', multiple: true, default: [] },
      },
    });
    const { actor, reason, tenant: tenants, 'all-tenants': all, write } = values;
    const [statement, ...rest] = positionals;
    const minutes = Number(values.minutes);
    if (actor === undefined || reason === undefined || statement === undefined || rest.length > 0)
      return undefined;
    if ((tenants === undefined) !== all || !(minutes > 0)) return undefined;
    return { actor, reason, minutes, tenants, write, statement, values: values.value };
  } catch {
    return undefined;
  }
}
