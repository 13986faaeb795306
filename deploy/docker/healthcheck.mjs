/**
 * `node healthcheck.mjs [PATH]`: the health check of the images, which have no shell and no curl. Ends with 0 when the process of this container
 * answers 200 on PATH (`/livez` unless told), otherwise with 1 and the reason.
 */
const path = process.argv[2] ?? '/livez';
const { HOST = '127.0.0.1', PORT = '3000' } = process.env;
const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[HOST] ?? (HOST.includes(':') ? `[${HOST}]` : HOST);

try {
  const { status } = await fetch(`http://${host}:${PORT}${path}`, { signal: AbortSignal.timeout(4000) });
  if (status !== 200) throw new Error(`${path} answers ${status}`);
} catch (error) {
  console.error(error.cause?.message ?? error.message);
  process.exitCode = 1;
}
