import { open } from 'node:fs/promises';
import { readCheckpoint, splitNotes, type CheckpointNote } from '../audit/checkpoint.js';
import { verifyExport, type ExportReport, type Finding } from '../audit/verify-export.js';
import { FileUnreadable, isSystemError, keysOf, textOf } from './evidence-files.js';
import { linesIn } from './lines-in.js';
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
    const report = await verifyExport(linesIn(file.createReadStream()), keys, kept);
    return { holds: report.finding === undefined, lines: linesOf(report, kept.length > 0) };
  } catch (error) {
    // A directory opens, and is found out at its first line.
    throw isSystemError(error) ? new FileUnreadable(exportFile, error) : error;
  } finally {
    await file.close();
  }
}

async function checkpointsOf(file: string): Promise<CheckpointNote[]> {
  const text = await textOf(file);
  const notes = (notesOfPage(text) ?? splitNotes(text)).map(readCheckpoint);
  const checkpoints = notes.filter((note) => note !== undefined);
  // An empty list would prove less than whoever names a file thinks.
  if (checkpoints.length === 0 || checkpoints.length < notes.length) {
    throw new FileUnreadable(file, new Error('it has no signed checkpoints'));
  }
  return checkpoints;
}

/** The notes of an answer of GET /v1/audit/checkpoints as it was saved; `undefined` when the text is none. */
function notesOfPage(text: string): string[] | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    if (!Array.isArray(data)) return undefined;
    return data.map((each: { readonly note?: unknown } | null) => String(each?.note));
  } catch {
    return undefined;
  }
}

const UNWITNESSED =
  'only up to the last checkpoint in the export itself: whether the log went on after it, nothing but --checkpoint tells';

function linesOf(
  { origin, entries, checkpoints, root, finding }: ExportReport,
  witnessed: boolean,
): string[] {
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
    `${entries} entries, positions 0 to ${entries - 1}, none edited, removed or moved`,
    `${checkpoints} signed checkpoints agree; root ${root.toString('base64')}`,
    ...(witnessed ? [] : [UNWITNESSED]),
  ];
}

function placeOf({ position, upTo }: Finding): string {
  return upTo === undefined || upTo === position
    ? `position ${position}`
    : `first at position ${position}, at the latest at ${upTo}`;
}
