import { describe, expect, it } from '@jest/globals';
import { MESSAGE_SCHEMAS } from '../messages.js';
import { topicNames } from '../topics.js';
import { asyncApiDocument } from './asyncapi-document.js';

interface Described {
  readonly payload: { readonly additionalProperties?: boolean; readonly $id: string };
  readonly examples: readonly { readonly headers: Record<string, string> }[];
}

const messages = (): Record<string, Described> =>
  asyncApiDocument().components.messages as Record<string, Described>;

describe('asyncApiDocument', () => {
  it('has every message on one channel', () => {
    const { channels } = asyncApiDocument();
    const listed = Object.values(channels).flatMap((channel) =>
      Object.keys((channel as { messages: object }).messages),
    );
    expect(listed.sort()).toEqual(Object.keys(MESSAGE_SCHEMAS).sort());
  });

  it('names the topics of the installation', () => {
    const { channels } = asyncApiDocument({ topics: topicNames('acme') });
    expect(channels).toMatchObject({
      lifecycle: { address: 'acme.tenant.lifecycle.v1' },
      state: { address: 'acme.tenant.state.v1' },
      acknowledgements: { address: 'acme.acknowledgements.v1.{participant}' },
      parked: { address: 'acme.parked.v1' },
    });
  });

  it('has participants read what may be added to, and write what may not', () => {
    expect(messages()['tenant.provisioned.v1']?.payload).not.toHaveProperty('additionalProperties');
    expect(messages()['participant.acknowledged.v1']?.payload).toHaveProperty('additionalProperties', false);
  });

  it('shows each example with its headers', () => {
    expect(messages()['tenant.suspension_requested.v1']?.examples[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_type: 'tenant.suspension_requested.v1',
      ce_dataschema: 'urn:tenantry:schema:tenant.suspension_requested.v1',
      ce_tenantseq: '4',
      ce_generation: '2',
    });
  });
});
