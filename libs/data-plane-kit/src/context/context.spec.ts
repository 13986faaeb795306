import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { OpenTransaction } from '../open-transaction.js';
import { withTenantContext } from '../tenant-context.js';
import { readTenantJob, tenantJob } from './job-payload.js';
import { TENANT_HEADER, tenantHeaders, tenantOfHeaders, type CarriedHeaders } from './message-headers.js';

const missing: unknown = expect.objectContaining({ code: 'tenant-context-missing' });
const tenantId = newId();
const unopened = (): OpenTransaction =>
  new OpenTransaction(tenantId, { isolation: 'pooled' }, () => Promise.reject(new Error('never opened')));

describe('the headers of a message', () => {
  it('carry the tenant of the context, across awaits, and bring it back', async () => {
    await withTenantContext(unopened(), async () => {
      await Promise.resolve();
      expect(tenantOfHeaders(tenantHeaders())).toBe(tenantId);
    });
  });

  it('carry a tenant that is given, as text or as bytes, whatever the case', () => {
    const { [TENANT_HEADER]: text } = tenantHeaders(tenantId.toUpperCase());
    expect(text).toBe(tenantId);
    expect(tenantOfHeaders({ 'Tenantry-Tenant': Buffer.from(text) })).toBe(tenantId);
    expect(tenantOfHeaders({ [TENANT_HEADER]: [text, text] })).toBe(tenantId);
  });

  it.each<[string, CarriedHeaders | undefined]>([
    ['no headers', undefined],
    ['no such header', { other: 'x' }],
    ['an empty one', { [TENANT_HEADER]: '' }],
    ['what is no id', { [TENANT_HEADER]: 'acme' }],
    ['two tenants', { [TENANT_HEADER]: [tenantId, newId()] }],
  ])('say when they bring none: %s', (_what, headers) => {
    expect(() => tenantOfHeaders(headers)).toThrow(missing);
  });

  it('cannot be made outside a context, nor after its end', async () => {
    expect(() => tenantHeaders()).toThrow(missing);
    const ended = unopened();
    await ended.rollback();
    await withTenantContext(ended, async () => expect(() => tenantHeaders()).toThrow(missing));
  });
});

describe('the payload of a job', () => {
  it('carries the tenant through JSON', async () => {
    const stored = await withTenantContext(unopened(), async () => JSON.stringify(tenantJob({ page: 2 })));
    expect(readTenantJob(JSON.parse(stored))).toEqual({ tenantId, data: { page: 2 } });
  });

  it.each([undefined, null, {}, { data: 1 }, { tenantId: 'acme', data: 1 }])(
    'says when it names none: %j',
    (payload) => {
      expect(() => readTenantJob(payload)).toThrow(missing);
    },
  );

  it('cannot be made outside a context', () => {
    expect(() => tenantJob({})).toThrow(missing);
  });
});
