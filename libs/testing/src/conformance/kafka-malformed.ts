import { newId } from '@tenantry/kernel';
import type { Message } from 'kafkajs';
import { binaryMessage, MARK } from './kafka-message.js';

interface MalformedMessage {
  readonly what: string;
  readonly message: Message;
}

const DEEP = 2_000;

/** What can stand on a lifecycle topic and is no lifecycle event. */
export function malformedMessages(tenantId: string, nextSeq: () => string): readonly MalformedMessage[] {
  const sound = (): Message & { headers: Record<string, string> } => {
    const message = binaryMessage({
      id: newId(),
      source: '/tenantry/control-plane',
      type: 'tenant.updated.v1',
      time: new Date().toISOString(),
      subject: tenantId,
      tenantSeq: nextSeq(),
      data: { version: 1, plan: 'free', changed: [] },
    });
    return { ...message, headers: message.headers as Record<string, string> };
  };
  const without = (...names: string[]): Message => {
    const { headers, ...message } = sound();
    return {
      ...message,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))),
    };
  };
  const having = (headers: Record<string, string>): Message => {
    const message = sound();
    return { ...message, headers: { ...message.headers, ...headers } };
  };
  const valued = (value: Buffer | string | null): Message => ({ ...sound(), value });
  return [
    { what: 'no value', message: valued(null) },
    { what: 'an empty value', message: valued('') },
    { what: 'a value that is no JSON', message: valued('{"version": ') },
    { what: 'a value that is no UTF-8', message: valued(Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28])) },
    { what: 'a value nested very deep', message: valued('['.repeat(DEEP) + ']'.repeat(DEEP)) },
    { what: 'no key and no headers', message: { value: '{}', headers: { [MARK]: '1' } } },
    { what: 'no ce_specversion', message: without('ce_specversion') },
    { what: 'another ce_specversion', message: having({ ce_specversion: '0.3' }) },
    { what: 'no ce_type', message: without('ce_type') },
    { what: 'no ce_id', message: without('ce_id') },
    { what: 'no ce_subject', message: without('ce_subject', 'ce_tenantid') },
    { what: 'a subject that is no tenant id', message: having({ ce_subject: 'initech' }) },
    { what: 'no ce_tenantseq', message: without('ce_tenantseq') },
    { what: 'a ce_tenantseq that is no number', message: having({ ce_tenantseq: 'seven' }) },
    { what: 'a negative ce_tenantseq', message: having({ ce_tenantseq: '-1' }) },
    { what: 'a ce_tenantseq beyond 64 bits', message: having({ ce_tenantseq: '9'.repeat(30) }) },
    {
      what: 'structured mode without an event',
      message: {
        ...sound(),
        value: '[]',
        headers: { 'content-type': 'application/cloudevents+json', [MARK]: '1' },
      },
    },
  ];
}
