import { BlockIoError, type ByteFile } from '../backends/index.ts';
import { ok, type Result } from '../base/index.ts';
import type { CheckReport, DiskImage, Extent, ImageFormat, ImageInfo } from './disk-image.ts';
import { attempt, imageError } from './failure.ts';
import { checkRange } from './memory-block.ts';

/** What an image holds from some offset on, for `lengthBytes`. */
export type Piece =
  /** Byte n of the piece is byte `at + n` of the file. */
  | { readonly kind: 'data'; readonly lengthBytes: number; readonly file: ByteFile; readonly at: number }
  /** To be unpacked: byte n of the piece is byte `within + n` of what `unpack` returns. */
  | { readonly kind: 'packed'; readonly lengthBytes: number; readonly within: number; unpack(): Uint8Array }
  | { readonly kind: 'zero'; readonly lengthBytes: number }
  /** The parent's; zeros where there is none. */
  | { readonly kind: 'absent'; readonly lengthBytes: number };

export interface LayerOptions {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly parent?: DiskImage | undefined;
}

/** Extents that are joined by one call of extentAt: bounds its work on a fragmented image. */
const JOINED_PIECES = 4096;

/**
 * What all images have in common: a format says what it holds where (`pieceAt`) and takes writes (`writePiece`);
 * splitting ranges, reading through to the parent, extents and closing are here.
 */
export abstract class LayeredImage implements DiskImage {
  abstract readonly format: ImageFormat;
  readonly parent: DiskImage | undefined;
  readonly readOnly: boolean;
  protected readonly file: ByteFile;
  #sizeBytes: number;
  #open = true;

  protected constructor(file: ByteFile, options: LayerOptions) {
    this.file = file;
    this.#sizeBytes = options.sizeBytes;
    this.readOnly = options.readOnly;
    this.parent = options.parent;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** At most `maxBytes`, at least one byte; the range lies within the medium. */
  protected abstract pieceAt(offsetBytes: number, maxBytes: number): Piece;
  /** Writes the beginning of `data`, at least one byte; returns how much. */
  protected abstract writePiece(offsetBytes: number, data: Uint8Array): number;
  /** Makes everything written so far durable. */
  protected abstract flushLayer(): void;
  protected abstract discardLayer(offsetBytes: number, lengthBytes: number): void;
  /** Changes the tables for the new size; what would be cut off is zero. */
  protected abstract resizeLayer(sizeBytes: number): void;
  abstract info(): ImageInfo;
  protected abstract checkLayer(repair: boolean): CheckReport;
  /** Whether a discard frees space in the file. */
  get givesSpaceBack(): boolean {
    return false;
  }
  /** What has to be written beside a flush before the image is closed. */
  protected finishLayer(): void {}
  /** Files beside `file` that this image opened. */
  protected otherFiles(): readonly ByteFile[] {
    return [];
  }

  read(offsetBytes: number, target: Uint8Array): void {
    this.#checkOpen();
    checkRange(this, offsetBytes, target.length);
    for (let done = 0; done < target.length;) {
      const at = offsetBytes + done;
      const piece = this.pieceAt(at, target.length - done);
      const part = target.subarray(done, done + piece.lengthBytes);
      if (piece.kind === 'data') piece.file.read(piece.at, part);
      else if (piece.kind === 'zero') part.fill(0);
      else if (piece.kind === 'absent') this.readBelow(at, part);
      else part.set(piece.unpack().subarray(piece.within, piece.within + part.length));
      done += part.length;
    }
  }

  /** What the parent has there; it may be shorter than this image. */
  protected readBelow(offsetBytes: number, target: Uint8Array): void {
    const { parent } = this;
    const there = parent ? Math.min(Math.max(parent.sizeBytes - offsetBytes, 0), target.length) : 0;
    if (parent && there > 0) parent.read(offsetBytes, target.subarray(0, there));
    target.fill(0, there);
  }

  write(offsetBytes: number, data: Uint8Array): void {
    this.#checkWritable(offsetBytes);
    checkRange(this, offsetBytes, data.length);
    for (let done = 0; done < data.length;) done += this.writePiece(offsetBytes + done, data.subarray(done));
  }

  flush(): void {
    this.#checkOpen();
    if (!this.readOnly) this.flushLayer();
  }

  discard(offsetBytes: number, lengthBytes: number): void {
    this.#checkWritable(offsetBytes);
    checkRange(this, offsetBytes, lengthBytes);
    if (lengthBytes > 0) this.discardLayer(offsetBytes, lengthBytes);
  }

  extentAt(offsetBytes: number, maxBytes: number): Extent {
    this.#checkOpen();
    const end = Math.min(offsetBytes + maxBytes, this.#sizeBytes);
    checkRange(this, offsetBytes, Math.max(end - offsetBytes, 1));
    const first = this.#extent(offsetBytes, end);
    let lengthBytes = first.lengthBytes;
    for (let joined = 1; joined < JOINED_PIECES && offsetBytes + lengthBytes < end; joined++) {
      const next = this.#extent(offsetBytes + lengthBytes, end);
      if (next.zero !== first.zero || next.depth !== first.depth) break;
      lengthBytes += next.lengthBytes;
    }
    return { ...first, lengthBytes };
  }

  #extent(at: number, end: number): Extent {
    const piece = this.pieceAt(at, end - at);
    const { lengthBytes } = piece;
    if (piece.kind !== 'absent') return { lengthBytes, zero: piece.kind === 'zero', depth: 0 };
    const { parent } = this;
    if (!parent || at >= parent.sizeBytes) return { lengthBytes, zero: true, depth: 0 };
    const below = parent.extentAt(at, lengthBytes);
    return { ...below, depth: below.depth + 1 };
  }

  check(options: { readonly repair?: boolean } = {}): CheckReport {
    const repair = options.repair ?? false;
    if (repair) this.#checkWritable(0);
    else this.#checkOpen();
    return this.checkLayer(repair);
  }

  resize(sizeBytes: number): Result<void> {
    return attempt(this.file, () => {
      this.#checkWritable(0);
      if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % 512 !== 0)
        throw imageError('image.size', { file: this.file }, `${sizeBytes} is no size`, 'use a multiple of 512 bytes');
      this.#checkCutOff(sizeBytes);
      const before = this.#sizeBytes;
      this.resizeLayer(sizeBytes);
      this.#sizeBytes = sizeBytes;
      this.#hideBelow(before);
      this.flushLayer();
      return ok(undefined);
    });
  }

  /** A parent that is larger than its child was would show in what the child grew by. */
  #hideBelow(from: number): void {
    const end = Math.min(this.parent?.sizeBytes ?? 0, this.#sizeBytes);
    const zeros = new Uint8Array(64 * 1024);
    for (let at = from; at < end;) {
      const part = zeros.subarray(0, Math.min(zeros.length - (at % zeros.length), end - at));
      this.write(at, part);
      at += part.length;
    }
  }

  #checkCutOff(sizeBytes: number): void {
    const buffer = new Uint8Array(256 * 1024);
    for (let at = sizeBytes; at < this.#sizeBytes;) {
      const extent = this.extentAt(at, this.#sizeBytes - at);
      const end = at + extent.lengthBytes;
      for (; !extent.zero && at < end; at += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, end - at));
        this.read(at, part);
        const found = part.findIndex((byte) => byte !== 0);
        if (found >= 0)
          throw imageError(
            'image.shrink',
            { file: this.file },
            `there is data at byte ${at + found}, behind the new end`,
            'make the partition and its file system smaller first',
          );
      }
      at = end;
    }
  }

  close(): Result<void> {
    if (!this.#open) return ok(undefined);
    const result = attempt(this.file, () => {
      if (!this.readOnly) {
        this.finishLayer();
        this.flushLayer();
      }
      return ok(undefined);
    });
    this.#release();
    return result;
  }

  dispose(): void {
    if (this.#open) this.#release();
  }

  #release(): void {
    this.#open = false;
    this.file.dispose();
    for (const file of this.otherFiles()) file.dispose();
    this.parent?.dispose();
  }

  #checkOpen(): void {
    if (!this.#open) throw new BlockIoError(`${this.file.name}: the image is closed`, 0);
  }

  #checkWritable(offsetBytes: number): void {
    this.#checkOpen();
    if (this.readOnly) throw new BlockIoError(`${this.file.name}: the image is open read-only`, offsetBytes);
  }
}

/** A report without findings, for images whose tables cannot contradict each other. */
export const soundReport = (allocatedBytes: number): CheckReport => ({
  errors: [],
  errorCount: 0,
  leakedBytes: 0,
  repaired: 0,
  allocatedBytes,
});
