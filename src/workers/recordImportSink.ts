import { NightjarError } from '../domain/errors.ts';
import type { RecordedMarket, RecordingManifest } from '../journal/recordingManifest.ts';
import type { RecordingWriter } from '../journal/recordingWriter.ts';

const CHUNK_CHARS = 1 << 18;

interface Lines {
  readonly id: number;
  text: string[];
  chars: number;
  firstNs: string;
  lastNs: string;
}

/** Where an import puts its lines: one file per market, in the order in which they come. */
export class ImportSink {
  readonly leftOut: Record<string, number> = {};
  readonly #writer: RecordingWriter;
  readonly #lines = new Map<string, Lines>();

  constructor(writer: RecordingWriter) {
    this.#writer = writer;
  }

  /** @param ns receive time, 19 digits */
  line(of: RecordedMarket, ns: string, frame: string): void {
    const key = `${of.venue} ${of.market} ${of.symbol}`;
    let lines = this.#lines.get(key);
    if (lines === undefined) {
      lines = { id: this.#lines.size + 1, text: [], chars: 0, firstNs: ns, lastNs: ns };
      this.#lines.set(key, lines);
      this.#writer.open(lines.id, of);
    }
    if (lines.text.length === 0) lines.firstNs = ns;
    lines.text.push(`${ns} ${frame}\n`);
    lines.chars += frame.length + 21;
    lines.lastNs = ns;
    if (lines.chars >= CHUNK_CHARS) this.#flush(lines);
  }

  leaveOut(what: string): void {
    this.leftOut[what] = (this.leftOut[what] ?? 0) + 1;
  }

  end(files: number): RecordingManifest {
    for (const lines of this.#lines.values()) this.#flush(lines);
    if (this.#lines.size === 0) return this.#writer.end('failed', 'nothing of it could be read', []);
    return this.#writer.end('clean', `all of ${files} file${files === 1 ? '' : 's'} read`, []);
  }

  #flush(lines: Lines): void {
    if (lines.text.length === 0) return;
    const [firstMs, lastMs] = [Number(lines.firstNs) / 1e6, Number(lines.lastNs) / 1e6];
    const bytes = Buffer.from(lines.text.join(''));
    this.#writer.append(lines.id, { bytes, frames: lines.text.length, firstMs, lastMs });
    lines.text = [];
    lines.chars = 0;
    this.#writer.tick();
    const { trouble } = this.#writer;
    // Unlike a feed, a file waits: half an import is of no use.
    if (trouble !== null) throw new NightjarError('data.unreadable', `the import stopped: ${trouble.reason}`);
  }
}
