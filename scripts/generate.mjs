/** Writes everything that is generated from the code and committed: `npm run check` compares it. */
import { build } from './build.mjs';
import { releasedDocuments } from './check/contracts/gate.mjs';
import { asyncApiDocuments } from './generate/asyncapi.mjs';
import { dashboardDocuments } from './generate/dashboards.mjs';
import { writeDocuments } from './generate/documents.mjs';
import { helmDocuments } from './generate/helm.mjs';
import { openApiDocuments } from './generate/openapi.mjs';
import { schemaDocuments } from './generate/schema.mjs';

await build();
const documents = {
  ...(await releasedDocuments()),
  ...(await asyncApiDocuments()),
  ...(await openApiDocuments()),
  ...(await schemaDocuments()),
  ...(await dashboardDocuments()),
  ...(await helmDocuments()),
};
await writeDocuments(documents);
for (const file of Object.keys(documents)) console.log(file);
