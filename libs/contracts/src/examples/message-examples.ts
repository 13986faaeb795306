import type { MessageType } from '../messages.js';
import { ACKNOWLEDGEMENT_EXAMPLES } from './acknowledgements.js';
import type { ExamplesOf } from './example.js';
import { FACT_EXAMPLES } from './facts.js';
import { RECOVERY_EXAMPLES } from './recoveries.js';
import { REQUEST_EXAMPLES } from './requests.js';
import { STATE_EXAMPLES } from './state.js';

/** Examples of every message type: published with it, and held against its schema by a test. */
export const MESSAGE_EXAMPLES: ExamplesOf<MessageType> = {
  ...REQUEST_EXAMPLES,
  ...RECOVERY_EXAMPLES,
  ...FACT_EXAMPLES,
  ...STATE_EXAMPLES,
  ...ACKNOWLEDGEMENT_EXAMPLES,
};
