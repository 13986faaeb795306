import type { Envelope } from '@tenantry/contracts';
import type { Heard } from './wire.js';

/** Reads what a participant has handed in through the embedded transport. */
export function heardText(channel: string, subject: string, raw: string): Heard {
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    return { channel, problems: ['not JSON'], raw };
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    return { channel, problems: ['not an envelope'], raw };
  const fields = body as Record<string, unknown>;
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const envelope: Envelope = {
    id: text('id'),
    source: text('source'),
    type: text('type'),
    time: text('time'),
    subject: text('subject'),
    ...(typeof fields['generation'] === 'string' && { generation: fields['generation'] }),
    data: fields['data'],
  };
  const problems =
    subject === envelope.subject
      ? []
      : [`the subject beside the envelope (${subject}) is not the envelope's`];
  return { channel, envelope, problems, raw };
}
