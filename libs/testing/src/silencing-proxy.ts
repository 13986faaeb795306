import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and its server, and can become what a failed-over address or a dropped route is to the client. */
export interface SilencingProxy {
  /** The server's URL, through here. */
  readonly url: string;
  /** From now on nothing passes on the connections that there are, and nobody is told; new ones work. */
  silence(): void;
  /** The same for those to come: they are accepted and never answered. */
  silenceForGood(): void;
  /** How many questions and answers were lost, in pieces as they came. */
  swallowed(): number;
  close(): Promise<void>;
}

/** Starts one before the server of a URL. */
export async function silencingProxy(target: string): Promise<SilencingProxy> {
  const server = new URL(target);
  const open = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let mute = false;
  let swallowed = 0;
  const proxy = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    if (mute) silent.add(client);
    open.add(client);
    const pass = (to: Socket) => (data: Buffer) => {
      if (silent.has(client)) swallowed++;
      else to.write(data);
    };
    client.on('error', () => undefined).on('data', pass(upstream));
    upstream.on('error', () => undefined).on('data', pass(client));
    client.on('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => void (silent.has(client) || client.destroy()));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const silence = (): void => open.forEach((client) => silent.add(client));
  return {
    url: url.href,
    silence,
    silenceForGood: () => {
      mute = true;
      silence();
    },
    swallowed: () => swallowed,
    close: async () => {
      const closed = new Promise((resolve) => proxy.close(resolve));
      open.forEach((client) => client.destroy());
      await closed;
    },
  };
}
