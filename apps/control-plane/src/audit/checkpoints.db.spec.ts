import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { waitFor } from '@tenantry/testing';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseModule } from '../database/database.module.js';
import type { SigningKey } from '../signing/signing-key.js';
import { AuditReplica } from '../testing/audit-replica.js';
import { LifecycleHarness } from '../testing/lifecycle-harness.js';
import { leafOf } from '../testing/rfc9162.js';
import { AuditLogRewritten } from './audit-checkpointer.js';
import { AuditWorkersModule } from './audit-workers.module.js';
import type { AuditWorkerOptions } from './audit-worker.js';
import { CheckpointFile } from './checkpoint-file.js';
import {
  checkpointText,
  isSignedCheckpoint,
  readCheckpoint,
  splitNotes,
  type Checkpoint,
  type CheckpointNote,
} from './checkpoint.js';
import { rawPublicKey, writeNote } from './signed-note.js';

describe('signed checkpoints', () => {
  let control: LifecycleHarness;
  let replica: AuditReplica;
  let folder: string;
  let file: string;
  beforeEach(async () => {
    control = await LifecycleHarness.start();
    replica = await AuditReplica.start(control.serviceUrl);
    folder = mkdtempSync(path.join(tmpdir(), 'tenantry-checkpoints-'));
    file = path.join(folder, 'checkpoints');
  });
  afterEach(async () => {
    await replica?.stop();
    await control?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const notes = async (): Promise<CheckpointNote[]> =>
    (
      await control.rows<{ note: string }>('SELECT note FROM tenantry.audit_checkpoint ORDER BY tree_size')
    ).map(({ note }) => readCheckpoint(note)!);

  const size = async (): Promise<number> =>
    Number((await control.rows<{ size: string }>('SELECT size FROM tenantry.audit_head'))[0]?.size);

  /** What somebody does who has taken over the database: the log is written anew, consistently, without its first entry. */
  async function rewriteLog(): Promise<void> {
    for (const table of ['audit_entry', 'audit_leaf', 'audit_node', 'audit_checkpoint'])
      await control.admin.query(`ALTER TABLE tenantry.${table} DISABLE TRIGGER USER`);
    await control.admin.query(
      `DELETE FROM tenantry.audit_node; DELETE FROM tenantry.audit_leaf;
       UPDATE tenantry.audit_head SET size = 0, chain_hash = decode(repeat('00', 32), 'hex');
       UPDATE tenantry.audit_entry SET actor = 'somebody else' WHERE id = (SELECT min(id::text)::uuid FROM tenantry.audit_entry);
       INSERT INTO tenantry.audit_pending (entry_id) SELECT id FROM tenantry.audit_entry ORDER BY id`,
    );
    for (const table of ['audit_entry', 'audit_leaf', 'audit_node', 'audit_checkpoint'])
      await control.admin.query(`ALTER TABLE tenantry.${table} ENABLE TRIGGER USER`);
    await replica.sequenceAll();
  }

  it('are signed when the log has grown and the last one is old enough', async () => {
    const { checkpointer } = replica;
    expect(await checkpointer.sign(60_000)).toBe(false);
    await control.create();
    expect(await checkpointer.sign(60_000)).toBe(false);
    await replica.sequenceAll();
    expect(await checkpointer.sign(60_000)).toBe(true);
    await control.create();
    await replica.sequenceAll();
    expect(await checkpointer.sign(60_000)).toBe(false);
    await control.moveClock('61 seconds');
    expect(await checkpointer.sign(60_000)).toBe(true);
    await control.moveClock('1 day');
    expect(await checkpointer.sign(60_000)).toBe(false);
    const signed = await notes();
    expect(signed.every((note) => isSignedCheckpoint(note, [replica.key.publicKey]))).toBe(true);
    expect(signed.at(-1)?.size).toBe(await size());
  });

  it('are signed again when the clock that the last one was signed by was ahead', async () => {
    await control.create();
    await control.moveClock('1 day');
    await replica.checkpoint();
    await control.moveClock('0');
    await control.create();
    await replica.sequenceAll();
    expect(await replica.checkpointer.sign(60_000)).toBe(true);
    await control.create();
    await replica.sequenceAll();
    expect(await replica.checkpointer.sign(60_000)).toBe(false);
  });

  it('are made once by however many replicas', async () => {
    const others = await Promise.all(
      [1, 2, 3].map(() => AuditReplica.start(control.serviceUrl, replica.key)),
    );
    try {
      await control.create();
      await replica.sequenceAll();
      const signed = await Promise.all(
        [replica, ...others].map(({ checkpointer }) => checkpointer.sign(60_000)),
      );
      expect(signed.filter(Boolean)).toHaveLength(1);
      expect(await notes()).toHaveLength(1);
    } finally {
      await Promise.all(others.map((other) => other.stop()));
    }
  });

  it('end when the log was rewritten', async () => {
    await control.create();
    await control.create();
    await replica.checkpoint();
    await rewriteLog();
    await control.create();
    await expect(replica.checkpoint()).rejects.toThrow(AuditLogRewritten);
    expect(await notes()).toHaveLength(1);
  });

  it('end when the log was rewritten with its checkpoints, where another was kept outside', async () => {
    await control.create();
    await replica.checkpoint();
    const [kept] = await notes();
    await control.admin.query(
      'ALTER TABLE tenantry.audit_checkpoint DISABLE TRIGGER USER; DELETE FROM tenantry.audit_checkpoint',
    );
    await rewriteLog();
    await control.create();
    await replica.sequenceAll();
    await expect(replica.checkpointer.sign(0, kept)).rejects.toThrow(AuditLogRewritten);
    await expect(replica.checkpointer.sign(0, { ...kept!, origin: 'another' })).rejects.toThrow(
      AuditLogRewritten,
    );
    await expect(replica.checkpointer.sign(0, { ...kept!, size: 1000 })).rejects.toThrow(AuditLogRewritten);
    // Nobody who has no note of it could tell.
    expect(await replica.checkpointer.sign(0)).toBe(true);
  });

  describe('in a file outside of the database', () => {
    const signedText = (text: string): CheckpointNote[] =>
      splitNotes(text).map((note) => readCheckpoint(note)!);

    it('are appended, each once, by a worker that is started again and again', async () => {
      let grown = 0;
      for (let round = 0; round < 3; round += 1) {
        const stop = await startWorker(control.serviceUrl, replica.key, {
          checkpointIntervalMs: 0,
          checkpointFile: file,
        });
        try {
          await control.create();
          const want = Number(
            (await control.rows<{ n: string }>('SELECT count(*) n FROM tenantry.audit_entry'))[0]?.n,
          );
          await waitFor('the newest checkpoint to be in the file', async () => {
            return (await new CheckpointFile(file).newest())?.size === want;
          });
          grown = want;
        } finally {
          await stop();
        }
      }
      const inFile = signedText(readFileSync(file, 'utf8'));
      expect(inFile.map((note) => note.size)).toEqual([...new Set(inFile.map((note) => note.size))]);
      expect(inFile.every((note) => isSignedCheckpoint(note, [replica.key.publicKey]))).toBe(true);
      expect(inFile.at(-1)?.size).toBe(grown);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    });

    it('are found again behind what a crash or a full disk has cut off', async () => {
      await control.create();
      await replica.checkpoint();
      await control.create();
      await replica.checkpoint();
      const [first, second] = await control.rows<{ note: string }>(
        'SELECT note FROM tenantry.audit_checkpoint ORDER BY tree_size',
      );
      if (!first || !second) throw new Error('two checkpoints are missing');
      const whole = `${first.note}\n`;
      for (let cut = 0; cut <= whole.length; cut += 1) {
        writeFileSync(file, `${whole}${whole.slice(0, cut)}`);
        const kept = new CheckpointFile(file);
        await kept.append(second.note);
        const read = splitNotes(readFileSync(file, 'utf8'));
        expect(read.at(-1)).toBe(second.note);
        expect(read.slice(0, -1).every((note) => note === first.note)).toBe(true);
        expect((await kept.newest())?.note).toEqual(readCheckpoint(second.note)?.note);
      }
      const foreign = path.join(folder, 'foreign');
      writeFileSync(foreign, 'something else\n');
      await new CheckpointFile(foreign).append(first.note);
      expect(readFileSync(foreign, 'utf8')).toBe(`something else\n\n${first.note}\n`);
    });

    it('stop a worker whose database was put back to an older state', async () => {
      await control.create();
      await replica.checkpoint();
      const [kept] = await notes();
      const head = leafOf('of entries that this database does not have');
      await new CheckpointFile(file).append(
        noteOf(replica.key, { ...kept!, size: kept!.size + 5, root: head }),
      );
      await control.create();
      const ahead = readFileSync(file, 'utf8');
      const errors: unknown[] = [];
      const stop = await startWorker(
        control.serviceUrl,
        replica.key,
        { checkpointIntervalMs: 0, checkpointFile: file },
        errors,
      );
      try {
        await waitFor('the worker to say why it does not sign', () =>
          errors.some((error) => (error as { err?: unknown }).err instanceof AuditLogRewritten),
        );
      } finally {
        await stop();
      }
      expect(await notes()).toHaveLength(1);
      expect(readFileSync(file, 'utf8')).toBe(ahead);
    });
  });
});

function noteOf(key: SigningKey, checkpoint: Checkpoint): string {
  return writeNote(checkpointText(checkpoint), checkpoint.origin, rawPublicKey(key.publicKey), (text) =>
    key.sign(text),
  );
}

/** A worker as a process of ours runs it. */
async function startWorker(
  serviceUrl: string,
  key: SigningKey,
  options: AuditWorkerOptions,
  errors: unknown[] = [],
): Promise<() => Promise<void>> {
  @Module({ imports: [DatabaseModule.forRoot(serviceUrl, 4), AuditWorkersModule.forRoot(key, options)] })
  class WorkerModule {}
  const app = await NestFactory.createApplicationContext(WorkerModule, {
    logger: {
      log: () => undefined,
      warn: () => undefined,
      error: (message: unknown) => void errors.push(message),
    },
    abortOnError: false,
  });
  await app.init();
  return () => app.close();
}
