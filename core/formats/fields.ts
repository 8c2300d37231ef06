import type { ByteFile } from '../backends/index.ts';
import { corrupt, imageError, type ImageError, type Where } from './failure.ts';

/** A structure of an image's metadata: read as a whole, its fields by offset, each failure with its place. */
export class Fields {
  readonly file: ByteFile;
  /** Where the structure begins in the file. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #name: string;

  /** Throws `image.truncated` when the file ends inside the structure, before anything is allocated for it. */
  static read(
    file: ByteFile,
    at: number,
    lengthBytes: number,
    options: { readonly name: string; readonly littleEndian: boolean },
  ): Fields {
    if (at + lengthBytes > file.sizeBytes)
      throw imageError(
        'image.truncated',
        { file, offsetBytes: at, field: options.name },
        `the file ends at ${file.sizeBytes}, ${lengthBytes} bytes are needed here`,
      );
    const bytes = new Uint8Array(lengthBytes);
    file.read(at, bytes);
    return new Fields(file, at, bytes, options);
  }

  constructor(
    file: ByteFile,
    at: number,
    bytes: Uint8Array,
    options: { readonly name: string; readonly littleEndian: boolean },
  ) {
    this.file = file;
    this.at = at;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = options.littleEndian;
    this.#name = options.name;
  }

  u8(offset: number): number {
    return this.#view.getUint8(offset);
  }
  u16(offset: number): number {
    return this.#view.getUint16(offset, this.#little);
  }
  u32(offset: number): number {
    return this.#view.getUint32(offset, this.#little);
  }

  /** A size or an offset. Throws `image.corrupt` when it is beyond what any file can have. */
  u64(offset: number, field: string): number {
    const value = this.#view.getBigUint64(offset, this.#little);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.corrupt(field, offset, `${value} is out of range`);
    return Number(value);
  }

  bits64(offset: number): bigint {
    return this.#view.getBigUint64(offset, this.#little);
  }

  /** Latin-1 up to the first NUL. */
  text(offset: number, lengthBytes: number): string {
    const bytes = this.bytes.subarray(offset, offset + lengthBytes);
    const end = bytes.indexOf(0);
    return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  where(field: string, offset: number): Where {
    return { file: this.file, offsetBytes: this.at + offset, field: `${this.#name}.${field}` };
  }

  corrupt(field: string, offset: number, message: string): ImageError {
    return corrupt(this.where(field, offset), message);
  }

  unsupported(field: string, offset: number, message: string, hint?: string): ImageError {
    return imageError('image.unsupported', this.where(field, offset), message, hint);
  }
}

/** Whether all bytes are zero; four at a time where the alignment allows it. */
export function isZero(bytes: Uint8Array): boolean {
  const { byteOffset, length } = bytes;
  const head = Math.min(-byteOffset & 3, length);
  const words = new Uint32Array(bytes.buffer, byteOffset + head, (length - head) >>> 2);
  for (let i = 0; i < head; i++) if (bytes[i] !== 0) return false;
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  for (let i = head + words.byteLength; i < length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Rounds up to a multiple of `unit`. */
export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
