import type { AsyncApiMessage, JsonSchema } from '@tenantry/contracts';
import { html, type Html } from './html.js';
import { schemaRows } from './schema-rows.js';

/** What the page says of one message. */
export function messageSection(message: AsyncApiMessage): Html {
  const { name, title, summary, headers, payload, bindings, examples } = message;
  return html`<article id="${name}">
    <h3>${title} <code>${name}</code></h3>
    <p>${summary}</p>
    <p>Key: ${bindings.kafka.key.description}</p>
    <h4>Payload</h4>
    ${table(payload)}
    <details>
      <summary>Headers</summary>
      ${table(headers)}
    </details>
    ${examples.map((example) => exampleOf(example))}
  </article> `;
}

function exampleOf({ name, headers, payload }: AsyncApiMessage['examples'][number]): Html {
  const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}`);
  return html`<details>
    <summary>Example: ${name}</summary>
    <pre>
${lines.join('\n')}

${JSON.stringify(payload, null, 2)}</pre>
  </details> `;
}

function table(schema: JsonSchema): Html {
  const rows = schemaRows(schema).map(
    ({ path, type, required, limits, description }) =>
      html`<tr>
        <td><code>${path}</code></td>
        <td>${type}</td>
        <td>${required ? 'always' : ''}</td>
        <td>${limits}</td>
        <td>${description}</td>
      </tr> `,
  );
  return html`<table>
    <thead>
      <tr>
        <th>name</th>
        <th>type</th>
        <th>there</th>
        <th>limits</th>
        <th>meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
