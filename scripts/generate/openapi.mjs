import { fromRoot, run } from '../run.mjs';

/** Each app's OpenAPI document, as its built code describes it. */
export async function openApiDocuments() {
  const entries = ['control-plane', 'data-plane'].map(async (app) => {
    const printed = await run('node', [fromRoot('apps', app, 'dist', 'openapi.js')]);
    return [`docs/openapi/${app}.json`, `${JSON.stringify(JSON.parse(printed), null, 2)}\n`];
  });
  return Object.fromEntries(await Promise.all(entries));
}
