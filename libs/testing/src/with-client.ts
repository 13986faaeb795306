import { Client } from 'pg';

/** Runs `work` on a connection of its own, which is closed whatever becomes of it. @throws what connecting or `work` throws. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  // A server that ends the connection is told of by the statement that was under way, or is no matter any more.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
