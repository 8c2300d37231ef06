import type { ByteFile } from '../backends/index.ts';

export interface Table {
  /** Where it lies in the file. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  dirty: boolean;
}

/**
 * Tables of one size, kept in memory and written back. The oldest leaves when there are too many; `beforeWrite`
 * runs before dirty ones are written, so that what they point to is in the file first.
 */
export class TableCache {
  readonly #file: ByteFile;
  readonly #tableBytes: number;
  readonly #tablesMax: number;
  readonly #beforeWrite: () => void;
  readonly #copyOf: (at: number) => number | undefined;
  /** In order of use, the oldest first. */
  readonly #tables = new Map<number, Table>();
  #last: Table | undefined;
  #dirtyCount = 0;

  constructor(
    file: ByteFile,
    options: {
      readonly tableBytes: number;
      readonly memoryBytes: number;
      readonly beforeWrite: () => void;
      /** Where the second copy of a table lies, for formats that keep one. */
      readonly copyOf?: (at: number) => number | undefined;
    },
  ) {
    this.#file = file;
    this.#tableBytes = options.tableBytes;
    this.#tablesMax = Math.max(8, Math.floor(options.memoryBytes / options.tableBytes));
    this.#beforeWrite = options.beforeWrite;
    this.#copyOf = options.copyOf ?? (() => undefined);
  }

  get hasDirty(): boolean {
    return this.#dirtyCount > 0;
  }

  get(at: number): Table {
    if (this.#last?.at === at) return this.#last;
    let table = this.#tables.get(at);
    if (table) this.#tables.delete(at);
    else {
      const bytes = new Uint8Array(this.#tableBytes);
      this.#file.read(at, bytes);
      table = this.#makeRoom(at, bytes);
    }
    this.#tables.set(at, table);
    this.#last = table;
    return table;
  }

  /** A table that is not in the file yet. */
  add(at: number, bytes: Uint8Array): Table {
    this.drop(at);
    const table = this.#makeRoom(at, bytes);
    this.#tables.set(at, table);
    this.markDirty(table);
    return table;
  }

  /** Forgets a table whose cluster is no table any more. */
  drop(at: number): void {
    const table = this.#tables.get(at);
    if (!table) return;
    if (table.dirty) this.#dirtyCount--;
    this.#tables.delete(at);
    if (this.#last === table) this.#last = undefined;
  }

  markDirty(table: Table): void {
    if (table.dirty) return;
    table.dirty = true;
    this.#dirtyCount++;
  }

  writeBack(): void {
    if (this.#dirtyCount === 0) return;
    this.#beforeWrite();
    for (const table of this.#tables.values()) {
      if (!table.dirty) continue;
      this.#file.write(table.at, table.bytes);
      const copyAt = this.#copyOf(table.at);
      if (copyAt !== undefined) this.#file.write(copyAt, table.bytes);
      table.dirty = false;
      this.#dirtyCount--;
    }
  }

  /** Forgets everything that is not dirty: the file was changed from elsewhere. */
  forget(): void {
    for (const table of [...this.#tables.values()]) if (!table.dirty) this.drop(table.at);
  }

  #makeRoom(at: number, bytes: Uint8Array): Table {
    while (this.#tables.size >= this.#tablesMax) {
      const [oldest] = this.#tables.values();
      if (oldest.dirty) this.writeBack();
      this.#tables.delete(oldest.at);
      if (this.#last === oldest) this.#last = undefined;
    }
    return { at, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), dirty: false };
  }
}
