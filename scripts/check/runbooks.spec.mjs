import { describe, expect, it } from '@jest/globals';
import { namesOf } from './runbooks.mjs';

const FILE = 'docs/runbooks/README.md';

describe('what a runbook names', () => {
  it.each([
    ["api GET '/v1/stuck?limit=5'"],
    ['api POST "/v1/parked/$PARKED/redrive" \'{"reason": "…"}\''],
    ['node apps/control-plane/dist/main.migrate.js --raise-epoch'],
    ['npx tenantry-audit --url env:DATABASE_URL'],
    ['```log\nrelay cannot send a shard\n```'],
    ['[the table](../operating.md#why-is-it-stuck)'],
    ["kubectl get pods -l 'app.kubernetes.io/component in (api,worker)'"],
  ])('exists: %s', (text) => expect(namesOf(FILE, text)).toEqual([]));

  it.each([
    ["api GET '/v1/stucks'", 'does not know GET'],
    ["api DELETE '/v1/stuck'", 'does not know DELETE'],
    ["api GET '/v1/stuck?limits=5'", 'does not know GET'],
    ['node apps/control-plane/dist/main.repair.js', 'there is no'],
    ['npx tenantry-repair', 'no command'],
    ['npm run repair', 'no command'],
    ['```log\nthe relay is unwell\n```', 'nothing logs'],
    ['[the table](../operating.md#why-is-it-so)', 'leads nowhere'],
    ['[the table](../operate-it.md)', 'leads nowhere'],
    ['kubectl get pods -l app.kubernetes.io/component=relay', 'no component'],
  ])('is missed: %s', (text, fault) => expect(namesOf(FILE, text)).toEqual([expect.stringContaining(fault)]));
});
