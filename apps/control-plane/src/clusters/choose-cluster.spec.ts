import { describe, expect, it } from '@jest/globals';
import { inOrder, refusalOf, whyChosen, type Candidate, type Wanted } from './choose-cluster.js';

const EU_1: Candidate = { name: 'eu-1', state: 'open', weight: 100, labels: {}, capacity: null, tenants: 0 };
const WANTED: Wanted = { isolation: 'schema', plan: 'gold', clusterLabels: {} };
const GOLD: Partial<Wanted> = { clusterLabels: { tier: 'gold' } };

describe('a cluster', () => {
  it.each<[string, Partial<Candidate>, Partial<Wanted>, string | undefined]>([
    ['that is open takes a tenant', {}, {}, undefined],
    ['with room', { capacity: 3, tenants: 2 }, {}, undefined],
    ['with the labels, and others', { labels: { tier: 'gold', disk: 'fast' } }, GOLD, undefined],
    ['that drains', { state: 'draining' }, {}, 'draining'],
    ['that is closed', { state: 'closed' }, {}, 'closed'],
    ['that is full', { capacity: 3, tenants: 3 }, {}, 'full'],
    ['that is over its capacity, since that was lowered', { capacity: 1, tenants: 3 }, {}, 'full'],
    ['that is not for this model', { capacity: 0 }, {}, 'full'],
    ['without the label', {}, GOLD, 'labels'],
    ['with another value of it', { labels: { tier: 'iron' } }, GOLD, 'labels'],
    ['with a label from the prototype', {}, { clusterLabels: { constructor: 'x' } }, 'labels'],
    ['that is closed and not for the plan', { state: 'closed' }, GOLD, 'labels'],
  ])('%s', (_what, candidate, wanted, reason) => {
    expect(refusalOf({ ...EU_1, ...candidate }, { ...WANTED, ...wanted })?.reason).toBe(reason);
  });

  it('that refuses says what to do', () => {
    const details = [
      refusalOf({ ...EU_1, state: 'draining' }, WANTED),
      refusalOf({ ...EU_1, capacity: 2, tenants: 2 }, WANTED),
      refusalOf({ ...EU_1, capacity: 0 }, WANTED),
      refusalOf(EU_1, { ...WANTED, ...GOLD }),
    ].map((refusal) => refusal?.detail);
    expect(details).toEqual([
      'eu-1 is draining: open it with PATCH /v1/clusters/eu-1 {"state": "open"}',
      'eu-1 has 2 of 2 tenants of the model schema: raise it with PATCH /v1/clusters/eu-1 {"capacity": {"schema": …}}',
      'eu-1 takes no tenants of the model schema: let it with PATCH /v1/clusters/eu-1 {"capacity": {"schema": …}}',
      'eu-1 lacks the labels tier=gold, which the plan "gold" asks for',
    ]);
  });
});

describe('the order of clusters', () => {
  const order = (...candidates: Partial<Candidate>[]): string[] =>
    inOrder(candidates.map((candidate) => ({ ...EU_1, ...candidate }))).map(({ name }) => name);

  it.each<[string, Partial<Candidate>[], string[]]>([
    [
      'begins with the fewest tenants',
      [
        { name: 'a', tenants: 2 },
        { name: 'b', tenants: 1 },
      ],
      ['b', 'a'],
    ],
    [
      'heeds the weight',
      [
        { name: 'a', tenants: 2 },
        { name: 'b', tenants: 4, weight: 200 },
      ],
      ['b', 'a'],
    ],
    ['begins with the heaviest when all are empty', [{ name: 'a' }, { name: 'b', weight: 101 }], ['b', 'a']],
    [
      'then heeds the room',
      [{ name: 'a', capacity: 5 }, { name: 'b' }, { name: 'c', capacity: 9 }],
      ['b', 'c', 'a'],
    ],
    ['then goes by name', [{ name: 'b' }, { name: 'a' }], ['a', 'b']],
  ])('%s', (_what, candidates, names) => {
    expect(order(...candidates)).toEqual(names);
    expect(order(...candidates.toReversed())).toEqual(names);
  });

  it('gives each its share in the end', () => {
    const clusters = [
      { ...EU_1, name: 'a', weight: 100 },
      { ...EU_1, name: 'b', weight: 300 },
    ];
    for (let i = 0; i < 400; i += 1) {
      const [first] = inOrder(clusters);
      const index = clusters.findIndex(({ name }) => name === first?.name);
      clusters[index] = { ...clusters[index]!, tenants: clusters[index]!.tenants + 1 };
    }
    expect(clusters.map(({ tenants }) => tenants)).toEqual([100, 300]);
  });

  it('can be explained', () => {
    expect(whyChosen({ ...EU_1, tenants: 3, capacity: 10 }, WANTED, 2)).toBe(
      'the least loaded for its weight of 2 that can take it (3 of 10 tenants of the model schema at weight 100)',
    );
    expect(whyChosen(EU_1, WANTED, 1)).toBe(
      'the only one that can take it (0 tenants of the model schema at weight 100)',
    );
  });
});
