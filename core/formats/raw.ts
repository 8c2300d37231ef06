import type { ByteFile } from '../backends/index.ts';
import type { CheckReport, CreateOptions, ImageInfo } from './disk-image.ts';
import type { OpenContext } from './driver.ts';
import { imageError } from './failure.ts';
import { LayeredImage, soundReport, type Piece } from './layered.ts';

/** Byte n of the medium is byte n of the file; what was never written is a hole of the host's file system. */
export class RawImage extends LayeredImage {
  readonly format = 'raw';

  static open(file: ByteFile, context: Pick<OpenContext, 'readOnly'>): RawImage {
    if (file.sizeBytes === 0)
      throw imageError('image.size', { file }, 'it is empty', 'name an image with contents, or create one');
    return new RawImage(file, context.readOnly);
  }

  static create(file: ByteFile, options: CreateOptions): RawImage {
    if (options.parent) throw imageError('image.unsupported', { file }, 'a raw image has no parent', 'use qcow2');
    file.truncate(options.sizeBytes);
    return new RawImage(file, false);
  }

  private constructor(file: ByteFile, readOnly: boolean) {
    // Partial last sectors are kept: the medium ends on a sector's border, behind the file's end it reads as zeros.
    super(file, { sizeBytes: Math.ceil(file.sizeBytes / 512) * 512, readOnly });
  }

  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    return { kind: 'data', lengthBytes: maxBytes, file: this.file, at: offsetBytes };
  }

  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    this.file.write(offsetBytes, data);
    return data.length;
  }

  protected flushLayer(): void {
    this.file.flush();
  }

  /** Node has no call that punches holes; a guest may keep its bytes. */
  protected discardLayer(): void {}

  protected resizeLayer(sizeBytes: number): void {
    this.file.truncate(sizeBytes);
  }

  info(): ImageInfo {
    return {
      format: 'raw',
      variant: undefined,
      sizeBytes: this.sizeBytes,
      clusterBytes: undefined,
      parent: undefined,
      snapshots: [],
      details: {},
    };
  }

  protected checkLayer(): CheckReport {
    return soundReport(this.file.sizeBytes);
  }
}
