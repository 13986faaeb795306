import { createKafkaControlPlaneTransport, type Logger } from '@tenantry/messaging';
import type { KafkaSettings } from '@tenantry/service';
import { highestSequence } from './highest-sequence.js';
import { raiseEpoch, type RaisedEpoch } from './raise-epoch.js';

export interface RestoredInstallation {
  readonly adminUrl: string;
  /** Undefined: the embedded transport, whose state was restored with the database. */
  readonly kafka: KafkaSettings | undefined;
  /** Unless told, the next one above what the database and the state topic know. */
  readonly epoch?: number | undefined;
  readonly logger: Logger;
}

/** A million records take about a minute. */
const READ_TIMEOUT_MS = 600_000;

/**
 * Raises the epoch above what the database knows and, on Kafka, above whatever its state topic holds: a database that is
 * restored twice does not know of the first time.
 */
export async function raiseRestored(installation: RestoredInstallation): Promise<RaisedEpoch> {
  const { adminUrl, kafka, epoch: wanted, logger } = installation;
  return raiseEpoch({ adminUrl, wanted, seen: kafka && (await seenOn(kafka, logger)) });
}

async function seenOn(kafka: KafkaSettings, logger: Logger): Promise<string | undefined> {
  const transport = createKafkaControlPlaneTransport({ ...kafka, clientId: 'tenantry-migrate', logger });
  try {
    return await highestSequence(transport, READ_TIMEOUT_MS);
  } finally {
    await transport.close();
  }
}
