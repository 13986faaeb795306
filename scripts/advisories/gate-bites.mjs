import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inImages } from './gate.mjs';
import { judge } from './judge.mjs';
import { advisories } from './npm-audit.mjs';

const NOW = new Date('2026-06-01T00:00:00Z');
const SHIPPED = 'GHSA-aaaa-bbbb-0001';
const TOOL = 'GHSA-aaaa-bbbb-0002';
const REASON = 'the vulnerable part is never called from here';

/** What a registry might know: of a package in the images, and of one for development alone. */
const KNOWN = {
  kafkajs: [{ id: 1, severity: 'moderate', url: `https://github.com/advisories/${SHIPPED}` }],
  prettier: [{ id: 2, severity: 'moderate', url: `https://github.com/advisories/${TOOL}` }],
};

const excuse = (change = {}) => ({
  [SHIPPED]: { package: 'kafkajs', reason: REASON, until: '2026-07-01', ...change },
});

/** `known`: which of them are told of; `stops`: what the gate has to say to that; undefined: nothing. */
const CASES = {
  'an advisory against what is in the images': { stops: 'moderate, in the images: kafkajs' },
  'one of a grave kind against a tool': {
    change: { prettier: 'critical' },
    known: ['prettier'],
    stops: 'critical, for development: prettier',
  },
  'one of a lesser kind against a tool': { known: ['prettier'] },
  'an exception with a reason': { exceptions: excuse() },
  'an exception of another package': {
    exceptions: excuse({ package: 'pg' }),
    stops: 'in the images: kafkajs',
  },
  'an exception without a reason': { exceptions: excuse({ reason: '' }), stops: 'gives no reason' },
  'an exception that has ended': {
    exceptions: excuse({ until: '2026-05-31' }),
    stops: 'has ended on 2026-05-31',
  },
  'an exception for ever': { exceptions: excuse({ until: '2099-01-01' }), stops: 'lasts longer' },
  'an exception that nothing needs': { known: [], exceptions: excuse(), stops: 'not needed any more' },
};

/**
 * npm finds advisories that a registry tells of, and the gate stops what it is for and lets pass what it should.
 *
 * @throws Error naming the cases in which it did otherwise.
 */
export async function advisoriesBite() {
  const told = await toldByNpm();
  const shipped = inImages();
  const problems = Object.keys(KNOWN)
    .filter((name) => !told.some((advisory) => advisory.package === name))
    .map((name) => `npm audit does not tell of ${name}`);
  for (const [name, { known = Object.keys(KNOWN), change = {}, exceptions = {}, stops }] of Object.entries(
    CASES,
  )) {
    const found = told
      .filter((advisory) => known.includes(advisory.package))
      .map((advisory) => ({ ...advisory, severity: change[advisory.package] ?? advisory.severity }));
    const said = judge(found, { exceptions, shipped, now: NOW }).problems.join('\n');
    if (stops === undefined ? said !== '' : !said.includes(stops))
      problems.push(`${name}: expected ${stops ?? 'nothing'}, got ${said || 'nothing'}`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { note: `${Object.keys(CASES).length} cases` };
}

/** What npm makes of a registry that knows these advisories; with a memory of its own, or it would take them for real ones later. */
async function toldByNpm() {
  const server = await registryOf(KNOWN);
  const cache = mkdtempSync(path.join(tmpdir(), 'tenantry-advisories-'));
  try {
    return await advisories({ registry: server.url, cache });
  } finally {
    server.close();
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Knows these advisories, and no package. */
async function registryOf(known) {
  const server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request);
    const isAdvisories = request.method === 'POST' && request.url.endsWith('/advisories/bulk');
    if (!isAdvisories) return response.writeHead(404).end('{}');
    const body = Buffer.concat(chunks);
    const asked = JSON.parse(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    const answer = Object.entries(known)
      .filter(([name]) => asked[name])
      .map(([name, list]) => [
        name,
        list.map((advisory) => ({ title: 'Seeded', vulnerable_versions: '*', cwe: [], ...advisory })),
      ]);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(Object.fromEntries(answer)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
