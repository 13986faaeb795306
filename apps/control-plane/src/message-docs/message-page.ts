import type { AsyncApiChannel, AsyncApiDocument } from '@tenantry/contracts';
import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { messageSection } from './message-section.js';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
nav ul { columns: 18rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid; }
article { margin: 2rem 0; }
code, pre { font: 13px/1.4 ui-monospace, monospace; }
h3 code { font-weight: normal; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8888; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
details { margin: .5rem 0; }
`;

/** What the page may load: nothing at all, its own style excepted. It has no script. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The document as a page for people: one file that needs nothing else, so that it can be read without a network. */
export function messagePage(document: AsyncApiDocument): string {
  const { info, channels } = document;
  const messages = Object.values(document.components.messages);
  const entries = messages.map(({ name, title }) => html`<li><a href="#${name}">${title}</a></li>`);
  // As it is: escaping would change what the policy has the digest of.
  const style = new Html(`<style>${STYLE}</style>`);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info.title}</title>
        ${style}
      </head>
      <body>
        <h1>${info.title} <small>${info.version}</small></h1>
        <p>${info.description}</p>
        <p>
          The same for generators: <a href="asyncapi.json">asyncapi.json</a> (AsyncAPI ${document.asyncapi}).
        </p>
        <nav>
          <ul>
            ${entries}
          </ul>
        </nav>
        ${Object.entries(channels).map(([name, channel]) => channelSection(name, channel, document))}
      </body>
    </html> `.text;
}

function channelSection(name: string, channel: AsyncApiChannel, document: AsyncApiDocument): Html {
  const { operations, components } = document;
  const uses = Object.values(operations).filter((use) => use.channel.$ref === `#/channels/${name}`);
  const messages = Object.keys(channel.messages).map((type) => components.messages[type]);
  return html`<section>
    <h2>${channel.title} <code>${channel.address}</code></h2>
    <p>${channel.description}</p>
    <p>${uses.map(({ summary }) => html`${summary} `)}</p>
    ${messages.map((message) => (message ? messageSection(message) : html``))}
  </section>`;
}
