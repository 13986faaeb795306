import { describe, expect, it } from '@jest/globals';
import { html } from './html.js';

describe('html', () => {
  it('escapes what is put in, once, and nothing else', () => {
    const cell = html`<td title="${'"\'&'}">${'<script>'}</td>`;
    expect(cell.text).toBe('<td title="&quot;&#39;&amp;">&lt;script&gt;</td>');
    expect(html`${[cell, cell]}${undefined}${7}`.text).toBe(`${cell.text}${cell.text}7`);
  });
});
