import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { MESSAGE_SCHEMAS } from '../messages.js';
import { topicNames } from '../topics.js';
import { asyncApiDocument } from './asyncapi-document.js';

// ajv-formats is CommonJS whose default export is the module object under nodenext.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

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
    expect(listed.sort()).toEqual([...Object.keys(MESSAGE_SCHEMAS), 'parkedCopy'].sort());
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

  it.each(Object.entries(asyncApiDocument().components.messages))(
    'has examples of %s that are as it describes them',
    (_name, { headers, payload, examples }) => {
      const ajv = new Ajv2020({ allErrors: true });
      addFormats(ajv);
      const [checkHeaders, checkPayload] = [ajv.compile(headers), ajv.compile(payload)];
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        checkHeaders(example.headers);
        checkPayload(example.payload);
        expect([checkHeaders.errors, checkPayload.errors]).toEqual([null, null]);
      }
    },
  );
});
