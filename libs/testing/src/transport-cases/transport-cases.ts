import { ACKNOWLEDGEMENT_CASES } from './acknowledgement-cases.js';
import { DELIVERY_CASES } from './delivery-cases.js';
import { JOINING_CASES } from './joining-cases.js';
import { MEMBERSHIP_CASES } from './membership-cases.js';
import { PARKING_CASES } from './parking-cases.js';
import { STATE_CASES } from './state-cases.js';
import type { TransportCase } from './transport-case.js';

/** What the port promises, as cases for every implementation of it. */
export const TRANSPORT_CASES: readonly TransportCase[] = [
  ...DELIVERY_CASES,
  ...MEMBERSHIP_CASES,
  ...STATE_CASES,
  ...JOINING_CASES,
  ...ACKNOWLEDGEMENT_CASES,
  ...PARKING_CASES,
];
