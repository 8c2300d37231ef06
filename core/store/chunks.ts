import { dirname } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { FailureError, type Disposable } from '../base/index.ts';
import { damaged } from './errors.ts';
import { packPath, transactUntold, type Library, type Session } from './library.ts';
import { ZERO_NAME, isZero, nameFromBlob, nameOf, nameToBlob, nameToHex, type ChunkName } from './name.ts';
import { PACK_HEADER_BYTES, decodeHeader, decodeRecord, encodeRecord, packHeader } from './pack.ts';

/** Where a chunk's record is. */
export interface ChunkPlace {
  readonly pack: number;
  readonly offset: number;
  readonly stored_bytes: number;
}

const PACK_BYTES_MAX = 256 << 20;
/** Chunks between two syncs of the pack. */
const BATCH = 1024;
const WRITE_BYTES = 1 << 18;
const OPEN_PACKS_MAX = 64;
/** More than any record has. */
const RECORD_READ_MAX = 1 << 17;
const READ_AHEAD_BYTES = 1 << 18;

/** Reads chunks by name; each is verified against its name. */
export class ChunkReader implements Disposable {
  readonly #library: Library;
  readonly #find: Statement;
  #findMany: { readonly count: number; readonly statement: Statement } | undefined;
  readonly #packs = new Map<number, number>();
  /** Room for a record that is read alone. */
  #room: Buffer | undefined;
  /** Where the last record was. */
  #last = { pack: -1, end: -1 };
  /** Records that follow each other are read many at a time into one buffer; packs are only appended. */
  readonly #ahead = { pack: -1, offset: 0, length: 0, bytes: undefined as Buffer | undefined };

  constructor(library: Library) {
    this.#library = library;
    this.#find = library.database.prepare('SELECT pack, offset, stored_bytes FROM chunk WHERE name = ?');
  }

  has(name: ChunkName): boolean {
    return name === ZERO_NAME || this.#find.get(nameToBlob(name)) !== undefined;
  }

  /** Where chunks lie, in their order; undefined where it is not known. Cheaper than a look for each. */
  placesOf(names: readonly ChunkName[]): (ChunkPlace | undefined)[] {
    if (this.#findMany?.count !== names.length) {
      const statement = this.#library.database.prepare(
        `SELECT name, pack, offset, stored_bytes FROM chunk WHERE name IN (${names.map(() => '?').join(', ')})`,
      );
      this.#findMany = { count: names.length, statement };
    }
    const rows = this.#findMany.statement.all(names.map(nameToBlob)) as (ChunkPlace & { readonly name: Uint8Array })[];
    const places = new Map(
      rows.map(({ name, pack, offset, stored_bytes }) => [nameFromBlob(name), { pack, offset, stored_bytes }]),
    );
    return names.map((name) => places.get(name));
  }

  /**
   * In `target` if it has the right length. `guess`: where it may be. Throws FailureError `store.damaged`, or the host's
   * error. Not for ZERO_NAME.
   */
  read(name: ChunkName, target?: Buffer, guess?: () => ChunkPlace | undefined): Buffer {
    const place = this.#nextPlace(name) ?? guess?.();
    if (place)
      try {
        return this.#readAt(place, name, target);
      } catch {
        // The library may name another place by now.
      }
    const blob = nameToBlob(name);
    for (let attempt = 0; ; attempt++) {
      const row = this.#find.get(blob) as ChunkPlace | undefined;
      if (!row) throw damaged(`chunk ${nameToHex(name)} is not in the library`);
      try {
        return this.#readAt(row, name, target);
      } catch (error) {
        // The collector may have moved it between the two looks.
        const again = this.#find.get(blob) as ChunkPlace | undefined;
        if (attempt > 0 || !again || (again.pack === row.pack && again.offset === row.offset)) throw error;
      }
    }
  }

  /** Behind the last record, if its record is there and was read already: most chunks follow each other. */
  #nextPlace(name: ChunkName): ChunkPlace | undefined {
    const { pack, end } = this.#last;
    const { bytes, offset, length } = this.#ahead;
    if (!bytes || this.#ahead.pack !== pack || end < offset || end >= offset + length) return undefined;
    const header = decodeHeader(bytes.subarray(end - offset, length));
    return header?.name === name ? { pack, offset: end, stored_bytes: header.recordBytes } : undefined;
  }

  #readAt(row: ChunkPlace, name: ChunkName, target: Buffer | undefined): Buffer {
    const where = (): string => `pack ${row.pack} at ${row.offset}, chunk ${nameToHex(name)}`;
    return decodeRecord(this.#recordAt(row, where), name, where, target);
  }

  /** Good until the next call. */
  #recordAt(row: ChunkPlace, where: () => string): Buffer {
    const length = Math.min(Math.max(row.stored_bytes, 0), RECORD_READ_MAX);
    const record = this.#fromAhead(row, length) ?? this.#fromPack(row, length);
    this.#last = { pack: row.pack, end: row.offset + length };
    if (record.length !== row.stored_bytes) throw damaged(`${where()}: the pack is too short`);
    return record;
  }

  #fromAhead({ pack, offset }: ChunkPlace, length: number): Buffer | undefined {
    const ahead = this.#ahead;
    const isThere = ahead.pack === pack && offset >= ahead.offset && offset + length <= ahead.offset + ahead.length;
    return isThere ? ahead.bytes!.subarray(offset - ahead.offset, offset - ahead.offset + length) : undefined;
  }

  #fromPack({ pack, offset }: ChunkPlace, length: number): Buffer {
    const { io } = this.#library;
    const fd = this.#open(pack);
    const follows = this.#last.pack === pack && this.#last.end === offset;
    if (!follows) {
      this.#room ??= Buffer.allocUnsafeSlow(RECORD_READ_MAX);
      return this.#room.subarray(0, io.read(fd, this.#room.subarray(0, length), offset));
    }
    const ahead = this.#ahead;
    ahead.pack = -1; // until the host has read
    ahead.bytes ??= Buffer.allocUnsafeSlow(READ_AHEAD_BYTES);
    ahead.length = io.read(fd, ahead.bytes, offset);
    ahead.offset = offset;
    ahead.pack = pack;
    return ahead.bytes.subarray(0, Math.min(length, ahead.length));
  }

  #open(pack: number): number {
    const open = this.#packs.get(pack);
    if (open !== undefined) return open;
    if (this.#packs.size >= OPEN_PACKS_MAX) this.dispose();
    try {
      const fd = this.#library.io.open(packPath(this.#library, pack), 'r');
      this.#packs.set(pack, fd);
      return fd;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw damaged(`pack ${pack} is missing`);
      throw error;
    }
  }

  dispose(): void {
    for (const fd of this.#packs.values()) this.#library.io.close(fd);
    this.#packs.clear();
  }
}

interface PackFile {
  readonly id: number;
  readonly fd: number;
  position: number;
  /** How much of it the library knows. */
  committedBytes: number;
}

/** A chunk that was handed over since the last batch: written by us, or (its bytes) found in the library. */
type Wanted = { readonly written: ChunkPlace } | { readonly written?: undefined; readonly raw: Uint8Array };

/**
 * Stores chunks, each once. Nothing counts before `commit` has returned: it syncs the pack, then names all chunks and
 * whatever roots the caller adds in one transaction. After an error the writer is of no use; what it wrote is garbage
 * that the collector takes.
 */
export class ChunkWriter implements Disposable {
  readonly #library: Library;
  readonly #session: Session;
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #touch: Statement;
  readonly #relocate: Statement;
  readonly #wanted = new Map<ChunkName, Wanted>();
  /** Records on their way into the pack: a write for each would cost as much as its compression. */
  readonly #gather = Buffer.allocUnsafe(WRITE_BYTES);
  #gathered = 0;
  #pack: PackFile | undefined;
  #failed = false;
  #moving = false;
  /** Between the begin and the end of a transaction: if it fails, what became of it is not known. */
  #committing = false;
  /** Bytes of records that this writer added: what was not in the library before. */
  addedBytes = 0;

  constructor(library: Library, session: Session) {
    this.#library = library;
    this.#session = session;
    const { database } = library;
    this.#find = database.prepare('SELECT pack FROM chunk WHERE name = ?');
    this.#insert = database.prepare(
      `INSERT INTO chunk SELECT ?, ?, ?, ?, epoch FROM collection WHERE 1
       ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch`,
    );
    this.#relocate = database.prepare('UPDATE chunk SET pack = ?, offset = ?, stored_bytes = ? WHERE name = ?');
    this.#touch = database.prepare('UPDATE chunk SET epoch = (SELECT epoch FROM collection) WHERE name = ?');
  }

  /** Throws FailureError or the host's error. `raw` may be reused by the caller afterwards. */
  put(raw: Uint8Array): ChunkName {
    if (this.#failed) throw new Error('this writer has failed before');
    if (isZero(raw)) return ZERO_NAME;
    const name = nameOf(raw);
    if (this.#wanted.has(name)) return name;
    const known = this.#find.get(nameToBlob(name)) !== undefined;
    try {
      this.#wanted.set(name, known ? { raw: Uint8Array.from(raw) } : { written: this.#append(name, raw) });
      if (this.#wanted.size >= BATCH) this.commit(() => {});
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    return name;
  }

  /** Writes a chunk that the library has once more, so that its present pack is free of it. */
  move(name: ChunkName, raw: Uint8Array): void {
    this.#wanted.set(name, { written: this.#append(name, raw) });
    this.#moving = true;
    if (this.#wanted.size >= BATCH) this.commit(() => {});
  }

  /** `also` runs in the same transaction: all of it happens, or nothing. */
  commit<T>(also: () => T): T {
    const { database } = this.#library;
    try {
      this.#sync();
      this.#committing = true;
      const result = database
        .transaction(() => {
          for (const [name, wanted] of this.#wanted) {
            const blob = nameToBlob(name);
            if (!wanted.written && this.#touch.run(blob).changes === 1) continue;
            // Else the collector took it since we looked.
            const row = wanted.written ? wanted.written : this.#appendNow(name, wanted.raw);
            if (this.#moving) this.#relocate.run(row.pack, row.offset, row.stored_bytes, blob);
            else this.#insert.run(blob, row.pack, row.offset, row.stored_bytes);
          }
          return also();
        })
        .immediate();
      this.#wanted.clear();
      this.#committing = false;
      if (this.#pack) this.#pack.committedBytes = this.#pack.position;
      return result;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  #append(name: ChunkName, raw: Uint8Array): ChunkPlace {
    const pack = this.#openPack();
    const record = encodeRecord(name, raw);
    const bytes = record[0].length + record[1].length;
    const row = { pack: pack.id, offset: pack.position + this.#gathered, stored_bytes: bytes };
    if (this.#gathered + bytes > WRITE_BYTES) this.#flush();
    for (const part of record) {
      this.#gather.set(part, this.#gathered);
      this.#gathered += part.length;
    }
    this.addedBytes += bytes;
    return row;
  }

  #appendNow(name: ChunkName, raw: Uint8Array): ChunkPlace {
    const row = this.#append(name, raw);
    this.#flush();
    this.#library.io.sync(this.#pack!.fd);
    return row;
  }

  /** Writes the records that were gathered. */
  #flush(): void {
    if (this.#gathered === 0) return;
    const pack = this.#pack!;
    this.#library.io.write(pack.fd, [this.#gather.subarray(0, this.#gathered)], pack.position);
    pack.position += this.#gathered;
    this.#gathered = 0;
  }

  #openPack(): PackFile {
    if (this.#pack && this.#pack.position + this.#gathered < PACK_BYTES_MAX) return this.#pack;
    this.#sync();
    this.#closePack();
    const { io } = this.#library;
    const { id, path, fd } = this.#createPack();
    this.#pack = { id, fd, position: PACK_HEADER_BYTES, committedBytes: PACK_HEADER_BYTES };
    io.write(fd, [packHeader(id)], 0);
    io.syncFolder(dirname(path));
    return this.#pack;
  }

  #createPack(): { id: number; path: string; fd: number } {
    const { io, database } = this.#library;
    const insert = database.prepare('INSERT INTO pack (session) VALUES (?)');
    for (;;) {
      // The transaction that names what is in the pack makes this row durable too.
      const id = transactUntold(this.#library, () => Number(insert.run(this.#session.id).lastInsertRowid));
      const path = packPath(this.#library, id);
      try {
        return { id, path, fd: io.open(path, 'wx+', 0o600) };
      } catch (error) {
        // Left by a power cut that took the row, and with it the memory that the number was used: the collector's.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  #sync(): void {
    this.#flush();
    if (this.#pack && [...this.#wanted.values()].some(({ written }) => written)) this.#library.io.sync(this.#pack.fd);
  }

  #closePack(): void {
    if (this.#pack) this.#library.io.close(this.#pack.fd);
    this.#pack = undefined;
  }

  /** What was written and not committed goes at once: on a full disk not even the collector could run. */
  #cutRest({ fd, committedBytes }: PackFile): void {
    try {
      if (this.#library.io.size(fd) > committedBytes) this.#library.io.cut(fd, committedBytes);
    } catch {
      // It is the collector's then.
    }
  }

  dispose(): void {
    if (this.#pack && !this.#committing) this.#cutRest(this.#pack);
    this.#closePack();
  }
}

export const isDamage = (error: unknown): boolean =>
  error instanceof FailureError && error.failure.code === 'store.damaged';

export const nameOfRow = (row: { readonly name: Uint8Array }): ChunkName => nameFromBlob(row.name);
