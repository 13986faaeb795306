import { describe, expect, it } from '@jest/globals';
import { topicNames } from './topics.js';

describe('topicNames', () => {
  const topics = topicNames('acme');

  it('finds whose a topic is by its name', () => {
    expect(topics.participantOf(topics.acknowledgements('billing-2'))).toBe('billing-2');
  });

  it.each([
    'acme.acknowledgements.v1.',
    'acme.acknowledgements.v1.Not-One',
    'acme.acknowledgements.v1.a.b',
    'acme.acknowledgements.v10.billing',
    'tenantry.acknowledgements.v1.billing',
    topics.lifecycle,
  ])('takes %s for nobody’s', (topic) => {
    expect(topics.participantOf(topic)).toBeUndefined();
  });

  it('takes names that the installation chose, and the usual ones for the rest', () => {
    const chosen = topicNames('acme', { state: 'prod_tenants', acknowledgements: 'prod_answers_' });
    expect(chosen).toMatchObject({
      state: 'prod_tenants',
      lifecycle: topics.lifecycle,
      parked: topics.parked,
    });
    expect(chosen.acknowledgements('billing')).toBe('prod_answers_billing');
    expect(chosen.participantOf('prod_answers_billing')).toBe('billing');
    expect(chosen.participantOf(topics.acknowledgements('billing'))).toBeUndefined();
  });
});
