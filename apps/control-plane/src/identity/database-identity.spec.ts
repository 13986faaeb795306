import { describe, expect, it } from '@jest/globals';
import { judgeIdentity, type MetIdentity, type NotedIdentity } from './database-identity.js';

const NOTED: NotedIdentity = {
  systemIdentifier: '7400000000000000001',
  databaseOid: '16384',
  tableOid: '17001',
  serverVersion: 170_006,
  timeline: 3,
  genuine: true,
};
const { genuine: _genuine, ...SAME } = NOTED;
const MET: MetIdentity = { ...SAME, recoveryTarget: undefined };
const OTHER = '7500000000000000002';

describe('the identity of a database', () => {
  it.each<[string, Partial<NotedIdentity>, Partial<MetIdentity>]>([
    ['after a restart', {}, {}],
    ['after a minor upgrade', {}, { serverVersion: 170_009 }],
    ['with an old recovery target in its settings', {}, { recoveryTarget: 'recovery_target_time' }],
    ['whose server tells nothing', {}, { systemIdentifier: undefined, timeline: undefined }],
    ['whose table was not noted', { tableOid: undefined }, {}],
    ['whose server told nothing', { systemIdentifier: undefined, timeline: undefined }, {}],
  ])('is the same %s', (_what, noted, met) => {
    expect(judgeIdentity({ ...NOTED, ...noted }, { ...MET, ...met })).toEqual({ kind: 'same' });
  });

  it.each<[string, Partial<MetIdentity>]>([
    ['', {}],
    [', whose histories begin anew', { timeline: 1 }],
  ])('is upgraded by pg_upgrade%s', (_what, met) => {
    const upgraded = { ...MET, systemIdentifier: OTHER, serverVersion: 180_004, ...met };
    expect(judgeIdentity(NOTED, upgraded)).toEqual({ kind: 'upgraded' });
  });

  it('is rewritten where only its rows were written anew', () => {
    expect(judgeIdentity({ ...NOTED, genuine: false }, MET)).toEqual({ kind: 'rewritten' });
  });

  it('is promoted where only the history is another', () => {
    expect(judgeIdentity(NOTED, { ...MET, timeline: 4 })).toEqual({ kind: 'promoted', from: 3, to: 4 });
  });

  it.each<[string, Partial<NotedIdentity>, Partial<MetIdentity>, string]>([
    ['a dump in the same database', { genuine: false }, { tableOid: '20002' }, 'made anew'],
    ['a dump elsewhere', { genuine: false }, { databaseOid: '5', tableOid: '20002' }, 'made anew'],
    [
      'a dump in a newer server whose numbers are the same by chance',
      { genuine: false },
      { systemIdentifier: OTHER, serverVersion: 180_004 },
      'another server',
    ],
    ['a copy by CREATE DATABASE', {}, { databaseOid: '16999' }, 'copy of another database'],
    ['the files under another server', {}, { systemIdentifier: OTHER }, 'another server'],
    [
      'the files under an older server',
      {},
      { systemIdentifier: OTHER, serverVersion: 160_009 },
      'another server',
    ],
    [
      'a recovery to a point in time',
      {},
      { timeline: 4, recoveryTarget: 'recovery_target_time' },
      'recovery_target_time',
    ],
  ])('tells %s', (_what, noted, met, why) => {
    expect(judgeIdentity({ ...NOTED, ...noted }, { ...MET, ...met })).toEqual({
      kind: 'restored',
      why: expect.stringContaining(why),
    });
  });
});
