import { NightjarError } from '../domain/errors.ts';
import type { Clock } from '../domain/ports.ts';
import { realDisk } from '../journal/recordingDisk.ts';
import type { RecordingManifest } from '../journal/recordingManifest.ts';
import { readRecording } from '../journal/recordingReader.ts';
import { RecordingWriter } from '../journal/recordingWriter.ts';
import { importCryptofeed } from './recordImportCryptofeed.ts';
import type { ImportFormat } from './recordImportFormat.ts';
import { formatOf, refuseUnknown } from './recordImportFormat.ts';
import { ImportSink } from './recordImportSink.ts';
import { importTardis } from './recordImportTardis.ts';

export interface ImportPlan {
  readonly files: readonly string[];
  /** Null: told by the first line of each file. */
  readonly format: ImportFormat | null;
  /** Exists and is empty. */
  readonly folder: string;
  readonly nightjarVersion: string;
  readonly rotateBytes: number;
  readonly minFreeBytes: number;
  readonly clock: Clock;
  readonly onProgress: (lines: number, file: string) => void;
}

export interface ImportReport {
  readonly manifest: RecordingManifest;
  readonly format: ImportFormat;
  /** Lines read that are in no file of the recording, by what they were. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/**
 * Makes a recording of captures that others made, so that it replays like one of ours.
 * @throws NightjarError data.unreadable for a file of an unknown format, or of which nothing can be read
 */
export async function importRecording(plan: ImportPlan): Promise<ImportReport> {
  const format = await commonFormat(plan);
  const writer = new RecordingWriter({ ...plan, source: `import ${format}`, markets: [] }, realDisk, plan.clock);
  const sink = new ImportSink(writer);
  try {
    await (format === 'cryptofeed' ? importCryptofeed : importTardis)(plan.files, sink, plan.onProgress);
  } catch (error) {
    writer.end('failed', (error as Error).message, []);
    throw error;
  }
  const manifest = sink.end(plan.files.length);
  if (manifest.frames === 0) {
    throw new NightjarError(
      'data.unreadable',
      `${plan.files.join(', ')}: nothing in it is a book or a trade of a market that is known here`,
      {
        remedy: `left out: ${
          Object.entries(sink.leftOut)
            .map(([what, count]) => `${count} ${what}`)
            .join(', ') || 'no line'
        }`,
      },
    );
  }
  return { manifest, format, leftOut: sink.leftOut };
}

/** All files of one import are of one format: they become one recording. */
async function commonFormat({ files, format }: ImportPlan): Promise<ImportFormat> {
  let common = format;
  for (const file of files) {
    const line = await firstLineOf(file);
    const found = formatOf(line);
    if (found === null || (common !== null && found !== common)) refuseUnknown(file, line, found, common);
    common = found;
  }
  return common!;
}

class Enough extends Error {}

async function firstLineOf(file: string): Promise<string> {
  let first = '';
  try {
    await readRecording(file, (line) => {
      first = new TextDecoder().decode(line.subarray(0, 4096));
      throw new Enough();
    });
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  return first;
}
