import { open } from 'node:fs/promises';
import { readCheckpoint, splitNotes, type CheckpointNote } from '../audit/checkpoint.js';
import { verifyExport, type ExportReport, type Finding } from '../audit/verify-export.js';
import { FileUnreadable, isSystemError, keysOf, textOf } from './evidence-files.js';
import type { Verdict } from './verdict.js';

/** Verifies an export of the audit log. @throws FileUnreadable, NoTrustedKeys */
export async function auditVerdict(
  exportFile: string,
  keysFile: string,
  checkpointFile: string | undefined,
): Promise<Verdict> {
  const keys = await keysOf(keysFile);
  const kept = checkpointFile === undefined ? [] : await checkpointsOf(checkpointFile);
  const file = await open(exportFile).catch((cause: unknown) => {
    throw new FileUnreadable(exportFile, cause);
  });
  try {
    const report = await verifyExport(file.readLines(), keys, kept);
    return { holds: report.finding === undefined, lines: linesOf(report) };
  } catch (error) {
    // A directory opens, and is found out at its first line.
    throw isSystemError(error) ? new FileUnreadable(exportFile, error) : error;
  } finally {
    await file.close();
  }
}

async function checkpointsOf(file: string): Promise<CheckpointNote[]> {
  const notes = splitNotes(await textOf(file)).map(readCheckpoint);
  const checkpoints = notes.filter((note) => note !== undefined);
  // An empty list would prove less than whoever names a file thinks.
  if (checkpoints.length === 0 || checkpoints.length < notes.length) {
    throw new FileUnreadable(file, new Error('it has no signed checkpoints'));
  }
  return checkpoints;
}

function linesOf({ origin, entries, checkpoints, root, finding }: ExportReport): string[] {
  const log = `audit log ${origin ?? '(unknown)'}`;
  if (finding) {
    return [
      `NOT AS SIGNED: ${log}`,
      `${placeOf(finding)}: ${finding.problem}`,
      `${entries} entries before that could be read, ${checkpoints} signed checkpoints agree`,
    ];
  }
  return [
    `AS SIGNED: ${log}`,
    `${entries} entries, positions 0 to ${entries - 1}, none edited, removed, moved or cut off`,
    `${checkpoints} signed checkpoints agree; root ${root.toString('base64')}`,
  ];
}

function placeOf({ position, upTo }: Finding): string {
  return upTo === undefined || upTo === position
    ? `position ${position}`
    : `first at position ${position}, at the latest at ${upTo}`;
}
