import { describe, expect, it } from '@jest/globals';
import { MESSAGE_SCHEMAS, topicNames } from '@tenantry/contracts';
import { createHash } from 'node:crypto';
import { messageDocs } from './message-docs.js';
import { PAGE_POLICY } from './message-page.js';

const { page: source, document } = messageDocs(topicNames('acme'), '1.2.3');
/** Without the spaces that only make its source easier to read. */
const page = source.replace(/>\s+</g, '><');

describe('the page about messages', () => {
  it.each(Object.keys(MESSAGE_SCHEMAS))('has a section about %s', (type) => {
    expect(page).toContain(`<article id="${type}">`);
  });

  it('names the topics and the version of the installation', () => {
    expect(page).toContain('<code>acme.tenant.lifecycle.v1</code>');
    expect(page).toContain('<code>acme.acknowledgements.v1.{participant}</code>');
    expect(page).toContain('<small>1.2.3</small>');
    expect(document.info.version).toBe('1.2.3');
  });

  it('shows properties inside of others, what they may be, and whether they are always there', () => {
    expect(page).toContain(
      '<td><code>routes[].access</code></td><td>string</td><td>always</td><td>open, read_only, frozen</td>',
    );
    expect(page).toContain('<td><code>retryable</code></td><td>boolean</td><td></td>');
  });

  it('loads nothing, and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|https?:/i);
  });

  it('has the style that its policy lets in', () => {
    const style = /<style>([^]*?)<\/style>/.exec(source)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(PAGE_POLICY).toContain(`style-src 'sha256-${digest}'`);
  });
});
