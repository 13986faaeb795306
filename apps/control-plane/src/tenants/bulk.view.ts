import { SERVICE_PROBLEMS, problemType, type ProblemCatalogue } from '@tenantry/service';
import type { BulkItem, Refusal } from './bulk-change.command.js';

/** A problem (RFC 9457) of one tenant, with the fields that it has by itself, such as the tenant's state. */
export interface ItemProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

export interface BulkItemView {
  readonly tenantId: string;
  readonly slug: string;
  readonly outcome: BulkItem['outcome'];
  readonly operationId?: string;
  readonly problem?: ItemProblem;
}

/** What became of a bulk action, tenant by tenant. */
export interface BulkView {
  readonly matched: number;
  readonly accepted: number;
  readonly refused: number;
  readonly results: readonly BulkItemView[];
}

/** @param catalogue the app's own problem codes; the service library's are known. */
export function toBulkView(items: readonly BulkItem[], catalogue: ProblemCatalogue): BulkView {
  const accepted = items.filter(({ outcome }) => outcome === 'accepted').length;
  return {
    matched: items.length,
    accepted,
    refused: items.length - accepted,
    results: items.map((item) => {
      if (item.outcome === 'accepted') return item;
      const { refusal, ...rest } = item;
      return { ...rest, problem: problemOf(refusal, catalogue) };
    }),
  };
}

function problemOf({ code, detail, fields }: Refusal, catalogue: ProblemCatalogue): ItemProblem {
  const known: ProblemCatalogue = { ...SERVICE_PROBLEMS, ...catalogue };
  const { title, status } = known[code] ?? SERVICE_PROBLEMS['internal-error'];
  return { ...fields, type: problemType(code), title, status, detail, code };
}
