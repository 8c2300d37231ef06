import type { ByteFile } from '../backends/index.ts';

const SECTOR_BYTES = 512;

/**
 * A table of 32-bit words that is kept in memory whole and written back by the sector. The caller bounds its length
 * before it makes one.
 */
export class WordTable {
  readonly #file: ByteFile;
  readonly #at: number;
  readonly #view: DataView<ArrayBuffer>;
  readonly #little: boolean;
  readonly #dirtySectors = new Set<number>();

  private constructor(file: ByteFile, at: number, view: DataView<ArrayBuffer>, littleEndian: boolean) {
    this.#file = file;
    this.#at = at;
    this.#view = view;
    this.#little = littleEndian;
  }

  static read(file: ByteFile, at: number, words: number, littleEndian: boolean): WordTable {
    const view = new DataView(new ArrayBuffer(words * 4));
    file.read(at, new Uint8Array(view.buffer));
    return new WordTable(file, at, view, littleEndian);
  }

  /** A table that is not in the file yet: all of it is dirty. */
  static fill(file: ByteFile, at: number, words: number, littleEndian: boolean, word: number): WordTable {
    const table = new WordTable(file, at, new DataView(new ArrayBuffer(words * 4)), littleEndian);
    for (let i = 0; i < words; i++) table.set(i, word);
    return table;
  }

  get words(): number {
    return this.#view.byteLength / 4;
  }

  get isDirty(): boolean {
    return this.#dirtySectors.size > 0;
  }

  get(index: number): number {
    return this.#view.getUint32(index * 4, this.#little);
  }

  set(index: number, word: number): void {
    this.#view.setUint32(index * 4, word, this.#little);
    this.#dirtySectors.add(Math.floor((index * 4) / SECTOR_BYTES));
  }

  offsetOf(index: number): number {
    return this.#at + index * 4;
  }

  writeBack(): void {
    for (const sector of this.#dirtySectors) {
      const start = sector * SECTOR_BYTES;
      const length = Math.min(SECTOR_BYTES, this.#view.byteLength - start);
      this.#file.write(this.#at + start, new Uint8Array(this.#view.buffer, start, length));
    }
    this.#dirtySectors.clear();
  }
}
