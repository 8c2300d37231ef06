/**
 * WebAssembly binary encoder: just the parts that generated code needs. Core specification 3.0, chapter 5.
 * Knows no x86.
 */

import { OPV } from './simd.ts';

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof I64 | typeof F32 | typeof F64 | typeof V128;
/** Block type of a block that leaves nothing on the stack. */
export const VOID = 0x40;

/** Single-byte opcodes used by generated code, by their specification names. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  f32Load: 0x2a,
  f64Load: 0x2b,
  i32Load8U: 0x2d,
  i32Load16U: 0x2f,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtS: 0x55,
  i64GtU: 0x56,
  i64LeS: 0x57,
  i64LeU: 0x58,
  i64GeS: 0x59,
  i64GeU: 0x5a,
  i32Clz: 0x67,
  i32Ctz: 0x68,
  i32Popcnt: 0x69,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32DivU: 0x6e,
  i32RemS: 0x6f,
  i32RemU: 0x70,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i32Rotl: 0x77,
  i32Rotr: 0x78,
  i64Clz: 0x79,
  i64Ctz: 0x7a,
  i64Popcnt: 0x7b,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivS: 0x7f,
  i64DivU: 0x80,
  i64RemS: 0x81,
  i64RemU: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i64Rotr: 0x8a,
  i32WrapI64: 0xa7,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  i32Extend8S: 0xc0,
  i32Extend16S: 0xc1,
  i64Extend8S: 0xc2,
  i64Extend16S: 0xc3,
  i64Extend32S: 0xc4,
} as const;

/** Starts a vector instruction: its opcode follows as an unsigned LEB128. */
const VECTOR_PREFIX = 0xfd;

/**
 * Buffers of code that is done with, to be written again: a small module is twenty pieces that live until they are part of
 * another, and asking the host for memory each time costs as much as writing them.
 */
const spareBuffers: Uint8Array<ArrayBuffer>[] = [];
const SPARE_BUFFERS = 64;
const LARGEST_SPARE_BYTES = 1 << 18;
const FIRST_BYTES = 256;
const NO_BYTES = new Uint8Array(0);

/** Growable code bytes with the few structured helpers that need immediates. */
export class Code {
  #bytes = NO_BYTES;
  length = 0;
  /** Open blocks, loops and ifs: a label opened at depth d is reached by `br(depth - d - 1)`. */
  depth = 0;
  /** Offsets of `if` and `br_if` instructions that are hardly ever taken. */
  readonly unlikely: number[] = [];

  #grow(count: number): void {
    const needed = this.length + count;
    const spare = this.length === 0 ? spareBuffers.pop() : undefined;
    if (spare && spare.length >= needed) {
      this.#bytes = spare;
      return;
    }
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, needed, FIRST_BYTES));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** Empties it, for whoever has taken the bytes: they are written over from now on. */
  release(): void {
    const { length } = this.#bytes;
    if (length > 0 && length <= LARGEST_SPARE_BYTES && spareBuffers.length < SPARE_BUFFERS)
      spareBuffers.push(this.#bytes);
    this.#bytes = NO_BYTES;
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = value;
  }

  raw(data: Uint8Array): void {
    if (this.length + data.length > this.#bytes.length) this.#grow(data.length);
    this.#bytes.set(data, this.length);
    this.length += data.length;
  }

  /** Unsigned LEB128 of a 32-bit value. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    do {
      const low = rest & 0x7f;
      rest >>>= 7;
      this.byte(rest === 0 ? low : low | 0x80);
    } while (rest !== 0);
  }

  /** Signed LEB128 of a 32-bit value. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit value. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && !(low & 0x40)) || (rest === -1n && low & 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  i32Const(value: number): void {
    this.byte(OP.i32Const);
    this.signed(value);
  }
  i64Const(value: bigint): void {
    this.byte(OP.i64Const);
    this.signed64(value);
  }
  localGet(index: number): void {
    this.byte(OP.localGet);
    this.unsigned(index);
  }
  localSet(index: number): void {
    this.byte(OP.localSet);
    this.unsigned(index);
  }
  localTee(index: number): void {
    this.byte(OP.localTee);
    this.unsigned(index);
  }
  /** A load or store with an alignment of one byte (guest data is unaligned) and a constant offset. */
  memory(op: number, offset: number): void {
    this.byte(op);
    this.byte(0);
    this.unsigned(offset);
  }
  vector(op: number): void {
    this.byte(VECTOR_PREFIX);
    this.unsigned(op);
  }
  vectorLane(op: number, lane: number): void {
    this.vector(op);
    this.byte(lane);
  }
  /** A vector load or store, aligned to a byte as in `memory`. */
  vectorMemory(op: number, offset: number): void {
    this.vector(op);
    this.byte(0);
    this.unsigned(offset);
  }
  v128Const(value: bigint): void {
    this.vector(OPV.v128Const);
    for (let bit = 0n; bit < 128n; bit += 8n) this.byte(Number((value >> bit) & 0xffn));
  }
  /** Sixteen bytes picked from two vectors: 0 to 15 from the first, 16 to 31 from the second. */
  shuffle(lanes: readonly number[]): void {
    this.vector(OPV.i8x16Shuffle);
    for (const lane of lanes) this.byte(lane);
  }
  call(functionIndex: number): void {
    this.byte(OP.call);
    this.unsigned(functionIndex);
  }
  returnCall(functionIndex: number): void {
    this.byte(OP.returnCall);
    this.unsigned(functionIndex);
  }
  returnCallIndirect(typeIndex: number): void {
    this.byte(OP.returnCallIndirect);
    this.unsigned(typeIndex);
    this.byte(0);
  }
  block(type: number = VOID): void {
    this.depth++;
    this.byte(OP.block);
    this.byte(type);
  }
  loop(type: number = VOID): void {
    this.depth++;
    this.byte(OP.loop);
    this.byte(type);
  }
  if(type: number = VOID): void {
    this.depth++;
    this.byte(OP.if);
    this.byte(type);
  }
  else(): void {
    this.byte(OP.else);
  }
  end(): void {
    this.depth--;
    this.byte(OP.end);
  }
  brTable(depths: readonly number[], otherwise: number): void {
    this.byte(OP.brTable);
    this.unsigned(depths.length);
    for (const depth of depths) this.unsigned(depth);
    this.unsigned(otherwise);
  }
  br(depth: number): void {
    this.byte(OP.br);
    this.unsigned(depth);
  }
  brIf(depth: number): void {
    this.byte(OP.brIf);
    this.unsigned(depth);
  }

  /** A branch of the slow path: the compiler keeps registers for the other one. */
  brIfUnlikely(depth: number): void {
    this.unlikely.push(this.length);
    this.brIf(depth);
  }
  ifUnlikely(type: number = VOID): void {
    this.unlikely.push(this.length);
    this.if(type);
  }

  /** Until it is written to or released. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function under construction: parameters come first among the locals. */
export class FunctionBody {
  readonly code = new Code();
  /** Comes before `code`, for what is known only when that is finished. */
  readonly prologue = new Code();
  readonly type: number;
  readonly #paramCount: number;
  readonly #locals: ValueType[] = [];
  readonly #unused = new Map<ValueType, number[]>();
  /** Locals that calls of `reusingLocals` have handed out, the innermost call last. */
  readonly #lent: number[][] = [];

  constructor(type: number, paramCount: number) {
    this.type = type;
    this.#paramCount = paramCount;
  }

  /** Bytes of code so far. */
  get length(): number {
    return this.prologue.length + this.code.length;
  }

  /** Zero only the first time that it is handed out. */
  newLocal(type: ValueType): number {
    const local = this.#unused.get(type)?.pop() ?? this.#paramCount + this.#locals.push(type) - 1;
    this.#lent.at(-1)?.push(local);
    return local;
  }

  /** Locals made inside are made again from those that `emit` is done with: compilers look at every local at every branch. */
  reusingLocals(emit: () => void): void {
    this.#lent.push([]);
    emit();
    for (const local of this.#lent.pop()!) {
      const type = this.#locals[local - this.#paramCount];
      const unused = this.#unused.get(type);
      if (unused) unused.push(local);
      else this.#unused.set(type, [local]);
    }
  }

  /** Writes the function as it stands in the code section. Returns the offsets in it of its unlikely branches. */
  encode(out: Code): number[] {
    const runs: [count: number, type: ValueType][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const locals = new Code();
    locals.unsigned(runs.length);
    for (const [count, type] of runs) {
      locals.unsigned(count);
      locals.byte(type);
    }
    out.unsigned(locals.length + this.length + 1);
    const start = out.length;
    out.raw(locals.bytes());
    locals.release();
    const unlikely: number[] = [];
    for (const part of [this.prologue, this.code]) {
      const partStart = out.length - start;
      out.raw(part.bytes());
      unlikely.push(...part.unlikely.map((offset) => partStart + offset));
    }
    out.byte(OP.end);
    return unlikely;
  }

  /** Of a body that is encoded, or is not going to be. */
  release(): void {
    this.prologue.release();
    this.code.release();
  }
}

export interface MemoryImport {
  readonly minPages: number;
  readonly maxPages: number;
}

/** Assembles a module. Imports must be declared before functions; all imports live in the namespace `env`. */
export class ModuleBuilder {
  readonly #types: FunctionType[] = [];
  readonly #typeByKey = new Map<string, number>();
  readonly #functionImports: { name: string; type: number }[] = [];
  readonly #bodies: FunctionBody[] = [];
  readonly #exports: { name: string; index: number }[] = [];
  readonly #elements: { offset: number; functions: readonly number[] }[] = [];
  #memory: { name: string; limits: MemoryImport } | undefined;
  #table: { name: string; minimum: number } | undefined;

  type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}:${results.join()}`;
    const found = this.#typeByKey.get(key);
    if (found !== undefined) return found;
    this.#typeByKey.set(key, this.#types.length);
    return this.#types.push({ params, results }) - 1;
  }

  importMemory(name: string, limits: MemoryImport): void {
    this.#memory = { name, limits };
  }

  importTable(name: string, minimum: number): void {
    this.#table = { name, minimum };
  }

  /** Returns the function index. */
  importFunction(name: string, type: number): number {
    if (this.#bodies.length > 0) throw new Error('imports come before functions');
    this.#functionImports.push({ name, type });
    return this.#functionImports.length - 1;
  }

  /** Returns the function index and the body to fill. */
  addFunction(type: number): { index: number; body: FunctionBody } {
    const body = this.newBody(type);
    return { index: this.addBody(body), body };
  }

  /** A body that is no function of the module yet, and may never be one. */
  newBody(type: number): FunctionBody {
    return new FunctionBody(type, this.#types[type].params.length);
  }

  /** Returns the function index. */
  addBody(body: FunctionBody): number {
    this.#bodies.push(body);
    return this.#functionImports.length + this.#bodies.length - 1;
  }

  export(name: string, functionIndex: number): void {
    this.#exports.push({ name, index: functionIndex });
  }

  /** Puts functions into the imported table when the module is instantiated, without a JavaScript wrapper for each. */
  elements(offset: number, functions: readonly number[]): void {
    this.#elements.push({ offset, functions });
  }

  /** Once: the bodies are released. */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new Code();
    out.raw(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
    section(out, 1, this.#types.length, (s) => {
      for (const type of this.#types) {
        s.byte(0x60);
        s.unsigned(type.params.length);
        for (const t of type.params) s.byte(t);
        s.unsigned(type.results.length);
        for (const t of type.results) s.byte(t);
      }
    });
    const importCount = this.#functionImports.length + (this.#memory ? 1 : 0) + (this.#table ? 1 : 0);
    section(out, 2, importCount, (s) => {
      for (const { name, type } of this.#functionImports) {
        text(s, 'env');
        text(s, name);
        s.byte(0x00);
        s.unsigned(type);
      }
      if (this.#table) {
        text(s, 'env');
        text(s, this.#table.name);
        s.byte(0x01);
        s.byte(0x70);
        s.byte(0x00);
        s.unsigned(this.#table.minimum);
      }
      if (this.#memory) {
        text(s, 'env');
        text(s, this.#memory.name);
        s.byte(0x02);
        s.byte(0x03); // shared, with a maximum
        s.unsigned(this.#memory.limits.minPages);
        s.unsigned(this.#memory.limits.maxPages);
      }
    });
    section(out, 3, this.#bodies.length, (s) => {
      for (const body of this.#bodies) s.unsigned(body.type);
    });
    section(out, 7, this.#exports.length, (s) => {
      for (const { name, index } of this.#exports) {
        text(s, name);
        s.byte(0x00);
        s.unsigned(index);
      }
    });
    section(out, 9, this.#elements.length, (s) => {
      for (const { offset, functions } of this.#elements) {
        s.byte(0x00);
        s.i32Const(offset);
        s.end();
        s.unsigned(functions.length);
        for (const index of functions) s.unsigned(index);
      }
    });
    const functions = new Code();
    const unlikely = this.#bodies.map((body) => {
      const offsets = body.encode(functions);
      body.release();
      return offsets;
    });
    this.#branchHints(out, unlikely);
    section(out, 10, this.#bodies.length, (s) => s.raw(functions.bytes()));
    functions.release();
    const module = out.bytes().slice();
    out.release();
    return module;
  }

  /** Custom section of the branch hinting proposal; engines without it pass it over. */
  #branchHints(out: Code, offsets: readonly (readonly number[])[]): void {
    const hinted = offsets.map((unlikely, i) => ({ unlikely, index: this.#functionImports.length + i }));
    const functions = hinted.filter(({ unlikely }) => unlikely.length > 0);
    if (functions.length === 0) return;
    const content = new Code();
    text(content, 'metadata.code.branch_hint');
    content.unsigned(functions.length);
    for (const { index, unlikely } of functions) {
      content.unsigned(index);
      content.unsigned(unlikely.length);
      for (const offset of unlikely) {
        content.unsigned(offset);
        content.unsigned(1);
        content.byte(0);
      }
    }
    out.byte(0);
    out.unsigned(content.length);
    out.raw(content.bytes());
    content.release();
  }
}

const ENCODER = new TextEncoder();

function text(out: Code, value: string): void {
  const encoded = ENCODER.encode(value);
  out.unsigned(encoded.length);
  out.raw(encoded);
}

function section(out: Code, id: number, count: number, fill: (body: Code) => void): void {
  if (count === 0) return;
  const body = new Code();
  body.unsigned(count);
  fill(body);
  out.byte(id);
  out.unsigned(body.length);
  out.raw(body.bytes());
  body.release();
}
