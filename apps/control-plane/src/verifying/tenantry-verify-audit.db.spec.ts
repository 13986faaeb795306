import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExportLine } from '../audit/audit-export.js';
import { CHAIN_START, chainHash, leafHash } from '../audit/leaf.js';
import { MerkleFrontier } from '../audit/merkle.js';
import { checkpointText, readCheckpoint } from '../audit/checkpoint.js';
import { rawPublicKey, writeNote } from '../audit/signed-note.js';
import { recordSystemAuditTx } from '../audit/system-audit.js';
import { ApiHarness } from '../testing/api-harness.js';
import { AuditReplica, newSigningKey } from '../testing/audit-replica.js';
import type { SigningKey } from '../signing/signing-key.js';
import { runVerification } from './run-verification.js';

type EntryLine = Extract<ExportLine, { type: 'entry' }>;
type Lines = readonly ExportLine[];

/** How many entries lie before each of the three checkpoints. */
const SIZES = [10, 17, 30];

describe('tenantry-verify audit', () => {
  let api: ApiHarness;
  let replica: AuditReplica;
  let attacker: SigningKey;
  let folder: string;
  let whole: Lines;
  let shorter: Lines;

  beforeAll(async () => {
    api = await ApiHarness.start();
    replica = await AuditReplica.start(api.control.serviceUrl);
    attacker = await newSigningKey();
    folder = mkdtempSync(path.join(tmpdir(), 'tenantry-verify-'));
    const sql = pgExecutor(api.control.admin);
    for (const size of SIZES) {
      const [known] = await api.control.rows<{ n: string }>('SELECT count(*) AS n FROM tenantry.audit_entry');
      for (let n = Number(known?.n); n < size; n += 1) {
        await sql.query('BEGIN');
        const record = { actor: 'system:test', action: 'test.write', resource: `tests/${n}`, after: { n } };
        await recordSystemAuditTx(sql, record);
        await sql.query('COMMIT');
      }
      await replica.checkpoint();
      shorter = whole;
      whole = await exported();
    }
    writeFileSync(path.join(folder, 'keys'), JSON.stringify({ keys: [replica.key.jwk] }));
    writeFileSync(path.join(folder, 'attackers'), JSON.stringify({ keys: [attacker.jwk] }));
    writeFileSync(
      path.join(folder, 'kept'),
      whole.flatMap((line) => (line.type === 'checkpoint' ? [`${line.note}\n`] : [])).join(''),
    );
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await replica?.stop();
    await api?.stop();
  });

  async function exported(): Promise<Lines> {
    const response = await fetch(`${await api.app.getUrl()}/v1/audit/export`, {
      headers: { authorization: `Bearer ${api.adminKey}` },
    });
    return (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ExportLine);
  }

  async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const status = await runVerification(
      args,
      { write: (text) => (out += text) },
      { write: (text) => (err += text) },
    );
    return { status, out, err };
  }

  function verify(lines: Lines | string, ...more: string[]): ReturnType<typeof run> {
    const file = path.join(folder, 'export.jsonl');
    writeFileSync(file, typeof lines === 'string' ? lines : textOf(lines));
    return run('audit', file, '--keys', path.join(folder, 'keys'), ...more);
  }

  const withKept = (): string[] => ['--checkpoint', path.join(folder, 'kept')];

  it('finds a whole log whole', async () => {
    const { status, out } = await verify(whole, ...withKept());
    expect([status, out]).toEqual([0, expect.stringContaining('30 entries, positions 0 to 29')]);
    expect((await verify(`${textOf(whole)}\n\n`)).status).toBe(0);
    // An older export is whole too, as long as nobody says how long the log was.
    expect((await verify(shorter)).status).toBe(0);
    // Fewer checkpoints only say less of where a change is.
    expect(
      (await verify(whole.filter((line, at) => line.type === 'entry' || at === whole.length - 1))).status,
    ).toBe(0);
  });

  const edited = (lines: Lines, position: number): Lines =>
    lines.map((line) =>
      line.type === 'entry' && line.position === position
        ? { ...line, entry: { ...line.entry, actor: 'somebody else' } }
        : line,
    );
  const entryAt = (lines: Lines, position: number): number =>
    lines.findIndex((line) => line.type === 'entry' && line.position === position);
  const without = (lines: Lines, position: number): Lines => lines.toSpliced(entryAt(lines, position), 1);
  const swapped = (lines: Lines, position: number): Lines => {
    const [a, b] = [entryAt(lines, position), entryAt(lines, position + 1)];
    return lines.with(a, lines[b]!).with(b, lines[a]!);
  };

  const AT = 12;
  const exactly = `position ${AT}:`;
  const between = 'first at position 10, at the latest at 16:';
  const tamperings: [string, (lines: Lines) => Lines | string, string][] = [
    ['an entry was edited', (lines) => edited(lines, AT), `${exactly} the entry was edited`],
    [
      'an entry was edited, with its own hash',
      (lines) => rehashed(edited(lines, AT), { leaves: true }),
      exactly,
    ],
    [
      'an entry was edited, with all hashes',
      (lines) => rehashed(edited(lines, AT), { leaves: true, chain: true }),
      between,
    ],
    [
      'a member was added to an entry',
      (lines) => textOf(lines).replace(`"resource":"tests/${AT}"`, `"resource":"tests/${AT}","note":"x"`),
      exactly,
    ],
    [
      'an entry was removed',
      (lines) => without(lines, AT),
      `${exactly} the entry of position ${AT} is missing`,
    ],
    [
      'an entry was removed, and the rest numbered anew',
      (lines) => rehashed(without(lines, AT), { positions: true }),
      exactly,
    ],
    [
      'an entry was removed, and everything written anew',
      (lines) => rehashed(without(lines, AT), { positions: true, leaves: true, chain: true }),
      // The checkpoint of 17 entries then stands behind 16.
      'position 16:',
    ],
    ['entries were reordered', (lines) => swapped(lines, AT), exactly],
    [
      'entries were reordered, and numbered anew',
      (lines) => rehashed(swapped(lines, AT), { positions: true }),
      exactly,
    ],
    [
      'entries were reordered, and everything was written anew',
      (lines) => rehashed(swapped(lines, AT), { positions: true, leaves: true, chain: true }),
      between,
    ],
    [
      'an entry stands there twice',
      (lines) => lines.toSpliced(entryAt(lines, AT), 0, lines[entryAt(lines, AT)]!),
      'position 13:',
    ],
    ['the first entry was removed', (lines) => without(lines, 0), 'position 0:'],
    [
      'the end was cut off',
      (lines) => lines.slice(0, entryAt(lines, 20)),
      'first at position 17, at the latest at 19:',
    ],
    [
      'the last checkpoint was cut off',
      (lines) => lines.slice(0, -1),
      'first at position 17, at the latest at 29:',
    ],
    ['a line was cut off', (lines) => textOf(lines).slice(0, -40), 'position 30:'],
    ['everything was cut off', () => '', 'position 0:'],
    ['entries were added that nobody signed', added, 'position 30:'],
    [
      'a checkpoint was moved',
      (lines) => lines.toSpliced(-2, 2, lines.at(-1)!, lines.at(-2)!),
      'position 29:',
    ],
    ['a checkpoint was edited', (lines) => textOf(lines).replace('\\n30\\n', '\\n29\\n'), 'position 30:'],
    [
      'a name was put before its like in an entry',
      (lines) => textOf(lines).replace('"entry":{', '"entry":{"actor":"forged"},"entry":{'),
      'position 0: a line is not as it was exported',
    ],
    [
      'digits were added that no number keeps',
      (lines) => textOf(lines).replace(`"n":${AT}}`, `"n":${AT}.00000000000000000000001}`),
      `${exactly} a line is not as it was exported`,
    ],
    [
      'a position is none',
      () => '{"type":"entry","position":{"toString":1}}',
      'position 0: an entry does not say',
    ],
    [
      'the size beside a checkpoint was edited',
      (lines) => textOf(lines).replace('"treeSize":30', '"treeSize":31'),
      'position 30: a checkpoint was edited',
    ],
    [
      'the root beside a checkpoint was edited',
      (lines) => textOf(lines).replace(/"rootHash":"../, '"rootHash":"zz'),
      'position 10: a checkpoint was edited',
    ],
    [
      'the key beside a checkpoint was edited',
      (lines) => textOf(lines).replace(replica.key.kid, attacker.kid),
      'position 10: a checkpoint was edited',
    ],
    ['a line is something else', (lines) => `${textOf(lines)}{"type":"other"}\n`, 'position 30:'],
    ['a line is no JSON', (lines) => `${textOf(lines)}[`, 'position 30:'],
    ['an entry is none', (lines) => `${textOf(lines)}{"type":"entry","position":30}\n`, 'position 30:'],
  ];

  it.each(tamperings)('finds that %s, and where', async (_what, tamper, place) => {
    const { status, out } = await verify(tamper(whole));
    expect([status, out]).toEqual([1, expect.stringContaining(`\n${place}`)]);
  });

  it('says that a log may have gone on after an export, unless checkpoints tell', async () => {
    expect((await verify(shorter)).out).toContain('only up to the last checkpoint in the export itself');
    expect((await verify(whole, ...withKept())).out).not.toContain('only up to');
  });

  it('reads checkpoints as the API lists them', async () => {
    const { body } = await api.call<{ data: unknown[] }>('GET', '/v1/audit/checkpoints');
    const saved = path.join(folder, 'saved');
    writeFileSync(saved, JSON.stringify(body));
    expect((await verify(whole, '--checkpoint', saved)).status).toBe(0);
    const { status, out } = await verify(shorter, '--checkpoint', saved);
    expect([status, out]).toEqual([1, expect.stringContaining('the log is cut off: 30 entries were signed')]);
    writeFileSync(saved, JSON.stringify({ data: [...body.data, { note: 'x' }] }));
    expect((await verify(whole, '--checkpoint', saved)).status).toBe(2);
  });

  it('ends lines at line feeds alone', async () => {
    const other = await ApiHarness.start();
    const signer = await AuditReplica.start(other.control.serviceUrl, replica.key);
    try {
      const sql = pgExecutor(other.control.admin);
      const reason = 'two\u2028lines, a\u2029paragraph, a\u0085next and a\rreturn';
      await sql.query('BEGIN');
      await recordSystemAuditTx(sql, {
        actor: 'system:test',
        action: 'test.write',
        resource: 'tests/x',
        after: { reason },
      });
      await sql.query('COMMIT');
      await signer.checkpoint();
      const response = await fetch(`${await other.app.getUrl()}/v1/audit/export`, {
        headers: { authorization: `Bearer ${other.adminKey}` },
      });
      const text = await response.text();
      expect(text).toContain('\u2028');
      expect(await verify(text)).toMatchObject({ status: 0 });
    } finally {
      await signer.stop();
      await other.stop();
    }
  });

  it('finds that the end was cut off behind a checkpoint, by one that was kept elsewhere', async () => {
    const { status, out } = await verify(shorter, ...withKept());
    expect([status, out]).toEqual([
      1,
      expect.stringContaining('position 17: the log is cut off: 30 entries were signed'),
    ]);
  });

  it('finds a log that was written and signed anew', async () => {
    const forged = resigned(rehashed(edited(whole, AT), { leaves: true, chain: true }), attacker);
    expect((await verify(forged)).out).toContain(
      'position 10: the checkpoint of 10 entries in the export is not signed',
    );
    const trusting = ['--keys', path.join(folder, 'attackers')];
    // Whoever believes the wrong key believes everything: it is the one thing that has to come from elsewhere.
    writeFileSync(path.join(folder, 'forged'), textOf(forged));
    expect((await run('audit', path.join(folder, 'forged'), ...trusting)).status).toBe(0);
    const withStolenKey = resigned(rehashed(edited(whole, AT), { leaves: true, chain: true }), replica.key);
    expect((await verify(withStolenKey)).status).toBe(0);
    const { status, out } = await verify(withStolenKey, ...withKept());
    expect([status, out]).toEqual([1, expect.stringContaining('first at position 10, at the latest at 16:')]);
  });

  it('finds checkpoints of another log', async () => {
    const note = (origin: string, key: SigningKey): string => {
      const root = new MerkleFrontier().root();
      return writeNote(
        checkpointText({ origin, size: 30, root }),
        origin,
        rawPublicKey(key.publicKey),
        (text) => key.sign(text),
      );
    };
    const kept = path.join(folder, 'other');
    writeFileSync(kept, note('another/log', replica.key));
    expect((await verify(whole, '--checkpoint', kept)).out).toContain('of another log');
    writeFileSync(kept, note('another/log', attacker));
    expect((await verify(whole, '--checkpoint', kept)).out).toContain('not signed by any of the keys');
  });

  it('does not take a failure of its own for a verdict', async () => {
    const full = (): never => {
      throw new Error('no space left');
    };
    let err = '';
    const args = ['audit', path.join(folder, 'export.jsonl'), '--keys', path.join(folder, 'keys')];
    const status = await runVerification(args, { write: full }, { write: (text) => (err += text) });
    expect([status, err]).toEqual([3, expect.stringContaining('failed itself: Error: no space left')]);
  });

  it('says how it is used, and what it cannot read', async () => {
    const keys = path.join(folder, 'keys');
    const none = path.join(folder, 'none');
    const usages = [
      [],
      ['audit'],
      ['other', 'x'],
      ['audit', 'a', 'b', '--keys', keys],
      ['audit', keys],
      ['audit', keys, '--unknown'],
    ];
    for (const args of usages) {
      const { status, out, err } = await run(...args);
      expect([args, status, out]).toEqual([args, 2, '']);
      expect(err).toContain('usage: tenantry-verify');
    }
    const unreadable = [
      ['audit', none, '--keys', keys],
      ['audit', folder, '--keys', keys],
      ['audit', keys, '--keys', none],
      ['audit', keys, '--keys', path.join(folder, 'kept')],
      ['audit', keys, '--keys', keys, '--checkpoint', none],
      ['audit', keys, '--keys', keys, '--checkpoint', keys],
    ];
    for (const args of unreadable) {
      const { status, out, err } = await run(...args);
      expect([args, status, out]).toEqual([args, 2, '']);
      expect(err).toMatch(/cannot be read|can be read/);
    }
    expect(await run('--help')).toMatchObject({ status: 0, err: '' });
  });
});

function textOf(lines: Lines): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Makes the hashes or the positions of an export fit together again, as far as told. */
function rehashed(lines: Lines, what: { positions?: boolean; leaves?: boolean; chain?: boolean }): Lines {
  let [position, link] = [0, CHAIN_START];
  return lines.map((line): ExportLine => {
    if (line.type !== 'entry') return line;
    const leaf = leafHash(line.entry);
    link = chainHash(link, leaf);
    const changed: EntryLine = {
      ...line,
      ...(what.positions && { position }),
      ...(what.leaves && { leafHash: leaf.toString('hex') }),
      ...(what.chain && { chainHash: link.toString('hex') }),
    };
    position += 1;
    return changed;
  });
}

function resigned(lines: Lines, key: SigningKey): Lines {
  const tree = new MerkleFrontier();
  return lines.map((line): ExportLine => {
    if (line.type === 'entry') {
      tree.append(leafHash(line.entry));
      return line;
    }
    const { origin } = readCheckpoint(line.note)!;
    const text = checkpointText({ origin, size: tree.size, root: tree.root() });
    return {
      ...line,
      treeSize: tree.size,
      rootHash: tree.root().toString('hex'),
      kid: key.kid,
      note: writeNote(text, origin, rawPublicKey(key.publicKey), (bytes) => key.sign(bytes)),
    };
  });
}

function added(lines: Lines): Lines {
  const last = lines.findLast((line) => line.type === 'entry')!;
  return rehashed([...lines, { ...last, position: 30 }], { leaves: true, chain: true });
}
