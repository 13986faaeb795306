import { UnusableAudit } from './audit-options.js';
import type { AllowedFinding, Finding } from './finding.js';

/** A finding that is known and accepted, and why. */
export interface Allowance {
  readonly probe: string;
  /** The object's name as the report has it; `*` stands for anything. */
  readonly object: string;
  readonly reason: string;
  /** The last day on which it holds, `YYYY-MM-DD` (UTC). Default: for good. */
  readonly expires?: string;
}

export interface Sorted {
  readonly open: readonly Finding[];
  readonly allowed: readonly AllowedFinding[];
  /** Those that hold no more; what they allowed is open again. */
  readonly expired: readonly Allowance[];
  /** Those that fit no finding: mended, or misspelt. */
  readonly unused: readonly Allowance[];
}

/** @param today `YYYY-MM-DD`. */
export function sortByAllowances(
  findings: readonly Finding[],
  allowances: readonly Allowance[],
  today: string,
): Sorted {
  const hasExpired = ({ expires }: Allowance): boolean => expires !== undefined && expires < today;
  const open: Finding[] = [];
  const allowed: AllowedFinding[] = [];
  const used = new Set<Allowance>();
  for (const finding of findings) {
    const fitting = allowances.filter((allowance) => fits(allowance, finding));
    for (const allowance of fitting) used.add(allowance);
    const holding = fitting.find((allowance) => !hasExpired(allowance));
    if (!holding) open.push(finding);
    else
      allowed.push({
        ...finding,
        reason: holding.reason,
        ...(holding.expires !== undefined && { expires: holding.expires }),
      });
  }
  return {
    open,
    allowed,
    expired: allowances.filter(hasExpired),
    unused: allowances.filter((allowance) => !used.has(allowance)),
  };
}

function fits({ probe, object }: Allowance, finding: Finding): boolean {
  const pattern = object
    .split('*')
    .map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'))
    .join('.*');
  return probe === finding.probe && new RegExp(`^${pattern}$`, 's').test(finding.object.name);
}

/** @throws UnusableAudit naming the first entry that cannot be meant. */
export function allowancesOf(value: unknown): Allowance[] {
  if (!Array.isArray(value)) throw new UnusableAudit('allow must be a list');
  return value.map((entry: unknown, index) => {
    const { probe, object, reason, expires, ...rest } = (entry ?? {}) as Record<string, unknown>;
    const wrong = (what: string) => new UnusableAudit(`allow[${index}] ${what}`);
    for (const [name, text] of Object.entries({ probe, object, reason }))
      if (typeof text !== 'string' || text.trim() === '') throw wrong(`needs a ${name}`);
    if (expires !== undefined && !(typeof expires === 'string' && isDate(expires)))
      throw wrong('has an expiry that is no date (YYYY-MM-DD)');
    if (Object.keys(rest).length > 0) throw wrong(`has an unknown field, ${Object.keys(rest)[0]}`);
    return entry as Allowance;
  });
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}
