import type { SentRequest } from '../load.ts';
import type { Evidence, Finding } from '../reader/evidence.ts';

/**
 * Every 202 names one operation, every operation is somebody's request, and a key stands for one of them however often it was sent.
 * Purges alone are the control plane's own idea.
 */
export function judgeRequests(requests: readonly SentRequest[], { operations }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const known = new Map(operations.map((operation) => [operation.id, operation]));
  const owners = new Map<string, string>();
  for (const { key, action, tenantId, accepted, refused } of requests) {
    if (accepted.length === 0 && !refused)
      findings.push({ count: 'stuck', what: `the ${action} ${key} was never answered` });
    const named = new Set(accepted.map(({ operationId }) => operationId));
    if (named.size > 1)
      findings.push({ count: 'doubled', what: `the key ${key} was answered with ${named.size} operations` });
    for (const answer of accepted) {
      const operation = known.get(answer.operationId);
      const kind = action === 'create' ? 'provision' : action;
      if (!operation) {
        findings.push({
          count: 'lost',
          tenant: answer.tenantId,
          what: `${key}: the operation ${answer.operationId} was accepted and is not there`,
        });
      } else if (
        operation.kind !== kind ||
        operation.tenant !== (tenantId ?? answer.tenantId) ||
        operation.generation !== answer.generation
      ) {
        findings.push({
          count: 'lost',
          tenant: answer.tenantId,
          what: `${key}: a ${action} was accepted as ${operation.kind} of generation ${operation.generation}`,
        });
      }
      const owner = owners.get(answer.operationId);
      if (owner !== undefined && owner !== key)
        findings.push({ count: 'lost', what: `${owner} and ${key} were answered with one operation` });
      owners.set(answer.operationId, key);
    }
  }
  for (const { id, kind, tenant, generation } of operations) {
    if (kind !== 'purge' && !owners.has(id))
      findings.push({
        count: 'doubled',
        tenant,
        what: `nobody has an answer that names the ${kind} of generation ${generation}`,
      });
  }
  return findings;
}
