import { describe, expect, it } from '@jest/globals';
import { parseParticipants } from './participant-entry.js';

const ALL = ['provision', 'suspend', 'reactivate', 'purge'];

describe('parseParticipants', () => {
  it.each([
    ['reference', { name: 'reference', required: true, capabilities: ALL, stores: ['primary'] }],
    ['search?', { name: 'search', required: false, capabilities: ALL, stores: ['primary'] }],
    ['verifier=verify', { name: 'verifier', required: true, capabilities: ['verify'], stores: [] }],
    ['billing@billing', { name: 'billing', required: true, capabilities: ALL, stores: ['billing'] }],
    [
      'billing?=purge+provision+suspend+reactivate@billing+ledger',
      { name: 'billing', required: false, capabilities: ALL, stores: ['billing', 'ledger'] },
    ],
    ['index?=purge', { name: 'index', required: false, capabilities: ['purge'], stores: [] }],
    [
      'none=provision+suspend+reactivate+purge@',
      { name: 'none', required: true, capabilities: ALL, stores: [] },
    ],
  ])('reads %s', (text, entry) => {
    expect(parseParticipants(text)).toEqual([entry]);
  });

  it('reads a list, past blanks and empty items', () => {
    expect(parseParticipants(' reference, ,search? ').map(({ name }) => name)).toEqual([
      'reference',
      'search',
    ]);
  });

  it.each([
    ['Upper', '"Upper"', 'name'],
    ['a b', '"a b"', 'name'],
    ['=purge', '"=purge"', 'name'],
    ['a??', '"a??"', 'no participant’s name'],
    ['billing=fly', '"billing=fly"', '"fly" is no capability'],
    ['billing=', '"billing="', 'no capability after "="'],
    ['billing=provision', '"billing=provision"', 'provision needs'],
    ['billing=suspend', '"billing=suspend"', 'suspend and reactivate'],
    ['v=verify+purge', '"v=verify+purge"', 'verify stands alone'],
    ['v=verify@primary', '"v=verify@primary"', 'owns no stores'],
    ['billing@with-dash', '"billing@with-dash"', '"with-dash" is no store'],
    [' , ', '', 'no entry'],
    ['a,b,a?', '"a"', 'more than once'],
  ])('refuses %s and says why', (text, entry, why) => {
    expect(() => parseParticipants(text)).toThrow(RangeError);
    expect(() => parseParticipants(text)).toThrow(entry);
    expect(() => parseParticipants(text)).toThrow(why.replace('’', "'"));
  });
});
