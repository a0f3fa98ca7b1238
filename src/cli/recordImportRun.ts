import { fileURLToPath } from 'node:url';
import { buildIdentity } from '../journal/runManifest.ts';
import { importRecording } from '../workers/recordImport.ts';
import type { ImportFormat } from '../workers/recordImportFormat.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { EXIT, type ExitCode, printJson, printText } from './output.ts';
import { createProgress } from './progress.ts';
import { newRecordFolder } from './recordFolder.ts';
import { recordEndText } from './recordText.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface ImportWish {
  readonly files: readonly string[];
  /** Null: told by the files. */
  readonly format: ImportFormat | null;
  readonly out: string | null;
  readonly rotateBytes: number;
  readonly minFreeBytes: number;
  readonly isJson: boolean;
}

/** `nightjar record --import`: captures of others become a recording. @throws NightjarError data.unreadable */
export async function runRecordImport(wish: ImportWish): Promise<ExitCode> {
  const clock = createWallClock({ unref: true });
  const progress = createProgress();
  const folder = newRecordFolder(wish.out, clock.nowMs());
  const { manifest, format, leftOut } = await importRecording({
    ...wish,
    folder,
    clock,
    nightjarVersion: buildIdentity(PROJECT_ROOT).nightjarVersion,
    onProgress: (lines, file) => progress.show(`${lines.toLocaleString('en')} lines, in ${file}`),
  }).finally(() => progress.end());
  if (wish.isJson) printJson({ folder, format, leftOut, ...manifest });
  else {
    const left = Object.entries(leftOut).map(([what, count]) => `left out  ${count} ${what}\n`);
    printText(`${recordEndText(folder, manifest)}\n${left.join('')}`);
  }
  return manifest.ended === 'clean' ? EXIT.done : EXIT.failed;
}
