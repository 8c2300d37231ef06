import { BlockIoError } from '../../core/backends/index.ts';
import { MemoryFile } from '../../core/formats/index.ts';

/** A file on a disk that is soon full: what a damaged image would write to the end of the world fails. */
export class BoundedFile extends MemoryFile {
  static readonly BYTES_MAX = 64 * 1024 * 1024;

  override write(offsetBytes: number, data: Uint8Array): void {
    this.#checkRoom(offsetBytes + data.length);
    super.write(offsetBytes, data);
  }

  override truncate(sizeBytes: number): void {
    this.#checkRoom(sizeBytes);
    super.truncate(sizeBytes);
  }

  #checkRoom(endBytes: number): void {
    if (endBytes > BoundedFile.BYTES_MAX) throw new BlockIoError(`${this.name}: no space left`, endBytes);
  }
}
