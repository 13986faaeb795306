import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

/** A pooler at its worst: every client, one after the other, gets the same session of the server as the one before left it. */
export interface OneSessionPooler {
  readonly url: string;
  close(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);
/** AuthenticationOk, and ReadyForQuery outside of a transaction. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/** @param url of the session that all share. */
export async function oneSessionPooler(url: string): Promise<OneSessionPooler> {
  const session = new pg.Client({ connectionString: url });
  session.on('error', () => undefined);
  await session.connect();
  const { stream: server } = (session as unknown as { connection: { stream: Socket } }).connection;
  server.removeAllListeners('data');
  let borrower: Socket | undefined;
  server.on('data', (answer) => borrower?.write(answer));
  const listener = createServer((client) => {
    let greeted = false;
    client.on('error', () => undefined);
    client.on('data', (data) => {
      if (greeted) {
        const leaving = data.subarray(-TERMINATE.length).equals(TERMINATE);
        const rest = leaving ? data.subarray(0, -TERMINATE.length) : data;
        if (rest.length > 0) server.write(rest);
        if (leaving) client.end();
      } else if (data.readUInt32BE(4) === SSL_REQUEST) client.write('N');
      else {
        greeted = true;
        borrower = client;
        client.write(WELCOME);
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const pooled = new URL(url);
  pooled.port = String((listener.address() as AddressInfo).port);
  return {
    url: pooled.href,
    async close() {
      server.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
