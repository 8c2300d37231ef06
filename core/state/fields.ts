import type { ByteReader, ByteWriter } from '../base/index.ts';

/**
 * One kind of state field: how it is created, reset, saved, loaded, and shown. A field knows its own bounds, so a
 * loaded value is never outside what the device could have stored itself.
 */
export interface Field<T> {
  readonly kind: string;
  readonly doc: string;
  create(): T;
  /** Returns the reset value; mutable containers are reset in place and returned. */
  reset(current: T): T;
  save(out: ByteWriter, value: T): void;
  /** Throws RangeError for a value the field cannot hold, TruncatedError for missing bytes. */
  load(input: ByteReader): T;
  /** Puts a loaded value in place; containers keep their identity. */
  assign(current: T, loaded: T): T;
  show(value: T): string;
}

export interface FieldOptions<T> {
  readonly doc?: string;
  readonly reset?: T;
}

interface ScalarCodec<T> {
  write(out: ByteWriter, value: T): void;
  read(input: ByteReader): T;
  show?(value: T): string;
}

function scalar<T>(kind: string, zero: T, options: FieldOptions<T>, codec: ScalarCodec<T>): Field<T> {
  const initial = options.reset ?? zero;
  return {
    kind,
    doc: options.doc ?? '',
    create: () => initial,
    reset: () => initial,
    save: codec.write,
    load: codec.read,
    assign: (_current, loaded) => loaded,
    show: codec.show ?? String,
  };
}

const hex = (value: number): string => `0x${value.toString(16)}`;

export const u8 = (options: FieldOptions<number> = {}): Field<number> =>
  scalar('u8', 0, options, { write: (out, v) => out.u8(v), read: (input) => input.u8(), show: hex });

export const u16 = (options: FieldOptions<number> = {}): Field<number> =>
  scalar('u16', 0, options, { write: (out, v) => out.u16(v), read: (input) => input.u16(), show: hex });

/** Unsigned 32-bit; keep it unsigned with `>>> 0`. */
export const u32 = (options: FieldOptions<number> = {}): Field<number> =>
  scalar('u32', 0, options, { write: (out, v) => out.u32(v), read: (input) => input.u32(), show: hex });

export const i32 = (options: FieldOptions<number> = {}): Field<number> =>
  scalar('i32', 0, options, { write: (out, v) => out.u32(v), read: (input) => input.u32() | 0 });

export const u64 = (options: FieldOptions<bigint> = {}): Field<bigint> =>
  scalar('u64', 0n, options, { write: (out, v) => out.u64(v), read: (input) => input.u64() });

/** A finite number: virtual time in nanoseconds, phases. */
export const f64 = (options: FieldOptions<number> = {}): Field<number> =>
  scalar('f64', 0, options, {
    write: (out, v) => out.f64(v),
    read: (input) => {
      const value = input.f64();
      if (!Number.isFinite(value)) throw new RangeError('not a finite number');
      return value;
    },
  });

export const bool = (options: FieldOptions<boolean> = {}): Field<boolean> =>
  scalar('bool', false, options, {
    write: (out, v) => out.u8(v ? 1 : 0),
    read: (input) => {
      const value = input.u8();
      if (value > 1) throw new RangeError(`${value} is not a truth value`);
      return value === 1;
    },
  });

/** One of a closed list of names. */
export function oneOf<const T extends string>(names: readonly T[], options: FieldOptions<T> = {}): Field<T> {
  return scalar('enum', names[0], options, {
    write: (out, v) => out.text(v),
    read: (input) => {
      const value = input.text();
      if (!(names as readonly string[]).includes(value))
        throw new RangeError(`"${value}" is none of ${names.join(', ')}`);
      return value as T;
    },
  });
}

/** Fixed-length byte array; reset fills with `reset` (a byte, default 0). */
export function bytes(length: number, options: FieldOptions<number> = {}): Field<Uint8Array> {
  const fill = options.reset ?? 0;
  return {
    kind: `bytes[${length}]`,
    doc: options.doc ?? '',
    create: () => new Uint8Array(length).fill(fill),
    reset: (current) => current.fill(fill),
    save: (out, value) => out.raw(value),
    load: (input) => input.raw(length).slice(),
    assign: (current, loaded) => {
      current.set(loaded);
      return current;
    },
    show: (value) => Array.from(value.subarray(0, 32), (b) => b.toString(16).padStart(2, '0')).join(' '),
  };
}

export function u16s(length: number, options: FieldOptions<number> = {}): Field<Uint16Array> {
  return words(
    `u16s[${length}]`,
    options,
    () => new Uint16Array(length),
    (out, v) => out.u16(v),
    (input) => input.u16(),
  );
}

export function u32s(length: number, options: FieldOptions<number> = {}): Field<Uint32Array> {
  return words(
    `u32s[${length}]`,
    options,
    () => new Uint32Array(length),
    (out, v) => out.u32(v),
    (input) => input.u32(),
  );
}

function words<A extends Uint16Array | Uint32Array>(
  kind: string,
  options: FieldOptions<number>,
  make: () => A,
  write: (out: ByteWriter, value: number) => void,
  read: (input: ByteReader) => number,
): Field<A> {
  const fill = options.reset ?? 0;
  return {
    kind,
    doc: options.doc ?? '',
    create: () => make().fill(fill) as A,
    reset: (current) => current.fill(fill) as A,
    save: (out, value) => {
      for (const word of value) write(out, word);
    },
    load: (input) => {
      const value = make();
      for (let i = 0; i < value.length; i++) value[i] = read(input);
      return value;
    },
    assign: (current, loaded) => {
      current.set(loaded);
      return current;
    },
    show: (value) => Array.from(value.subarray(0, 16), hex).join(' '),
  };
}

/** Bounded first-in first-out queue of bytes, as FIFOs and keyboard buffers are. */
export class ByteFifo {
  readonly capacity: number;
  #items: number[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }
  get size(): number {
    return this.#items.length;
  }
  get full(): boolean {
    return this.#items.length >= this.capacity;
  }
  /** False, and nothing stored, when full. */
  push(byte: number): boolean {
    if (this.full) return false;
    this.#items.push(byte & 0xff);
    return true;
  }
  shift(): number | undefined {
    return this.#items.shift();
  }
  peek(): number | undefined {
    return this.#items[0];
  }
  clear(): void {
    this.#items = [];
  }
  toArray(): readonly number[] {
    return this.#items;
  }
}

export function fifo(capacity: number, options: { readonly doc?: string } = {}): Field<ByteFifo> {
  const refill = (target: ByteFifo, items: readonly number[]): ByteFifo => {
    target.clear();
    for (const item of items) target.push(item);
    return target;
  };
  return {
    kind: `fifo[${capacity}]`,
    doc: options.doc ?? '',
    create: () => new ByteFifo(capacity),
    reset: (current) => refill(current, []),
    save: (out, value) => out.blob(Uint8Array.from(value.toArray())),
    load: (input) => {
      const items = input.blob();
      if (items.length > capacity) throw new RangeError(`${items.length} bytes in a queue of ${capacity}`);
      return refill(new ByteFifo(capacity), Array.from(items));
    },
    assign: (current, loaded) => refill(current, loaded.toArray()),
    show: (value) => value.toArray().map(hex).join(' '),
  };
}

export type Fields = Readonly<Record<string, Field<any>>>; // eslint-disable-line @typescript-eslint/no-explicit-any
export type ValuesOf<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A fixed number of like records: timer channels, DMA channels. */
export function records<F extends Fields>(
  count: number,
  fields: F,
  options: { readonly doc?: string } = {},
): Field<ValuesOf<F>[]> {
  const names = Object.keys(fields);
  const each = (make: (name: string, index: number) => unknown): ValuesOf<F>[] =>
    Array.from({ length: count }, (_, i) => Object.fromEntries(names.map((n) => [n, make(n, i)])) as ValuesOf<F>);
  return {
    kind: `records[${count}]{${names.map((n) => `${n}:${fields[n].kind}`).join(',')}}`,
    doc: options.doc ?? '',
    create: () => each((name) => fields[name].create()),
    reset: (current) => {
      for (const record of current as Record<string, unknown>[])
        for (const name of names) record[name] = fields[name].reset(record[name]);
      return current;
    },
    save: (out, value) => {
      for (const record of value as Record<string, unknown>[])
        for (const name of names) fields[name].save(out, record[name]);
    },
    load: (input) => each((name) => fields[name].load(input)),
    assign: (current, loaded) => {
      current.forEach((record, i) => {
        const target = record as Record<string, unknown>;
        const source = loaded[i] as Record<string, unknown>;
        for (const name of names) target[name] = fields[name].assign(target[name], source[name]);
      });
      return current;
    },
    show: (value) =>
      (value as Record<string, unknown>[])
        .map((record, i) => `${i}: ${names.map((n) => `${n}=${fields[n].show(record[n])}`).join(' ')}`)
        .join('\n'),
  };
}
