import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Sees what a client sends, as it comes: what it returns is passed on; behind less than came, the connection ends. */
export type Meddling = (sent: Buffer) => Buffer;

/** Stands between a client and its server and changes, or ends, what the client says. */
export interface MeddlingProxy {
  /** The server's URL, through here. */
  readonly url: string;
  /** From now on; `undefined`: passes everything. */
  meddle(how: Meddling | undefined): void;
  close(): Promise<void>;
}

/** Starts one before the server of a URL. */
export async function meddlingProxy(target: string): Promise<MeddlingProxy> {
  const server = new URL(target);
  const open = new Set<Socket>();
  let how: Meddling | undefined;
  const proxy = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    open.add(client);
    client
      .on('error', () => undefined)
      .on('close', () => {
        open.delete(client);
        if (!upstream.writableEnded) upstream.destroy();
      });
    upstream.on('error', () => undefined).on('close', () => client.destroy());
    upstream.on('data', (answer) => client.write(answer));
    client.on('data', (sent) => {
      const passed = how ? how(sent) : sent;
      if (passed.length === sent.length) return void upstream.write(passed);
      upstream.end(passed);
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    url: url.href,
    meddle: (next) => void (how = next),
    close: async () => {
      const closed = new Promise((resolve) => proxy.close(resolve));
      open.forEach((client) => client.destroy());
      await closed;
    },
  };
}
