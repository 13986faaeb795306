/** Whether commits wake relays of other processes by NOTIFY, and relays listen for it; a boolean. */
export const OUTBOX_NOTIFY = Symbol('OUTBOX_NOTIFY');
