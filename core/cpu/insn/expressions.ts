import { I32, I64, OP, V128, VOID, type Code, type FunctionBody, type ValueType } from '../../wasm/index.ts';
import { Value, type Width } from './value.ts';

/** WebAssembly type that carries a word. */
export const typeOf = (width: Width): ValueType => (width === 128 ? V128 : width === 64 ? I64 : I32);

const isNought = ({ constant }: Value): boolean => constant === 0 || constant === 0n;

/** A mutable local: the only thing in generated code that changes between reads. */
export interface Variable {
  readonly width: Width;
  readonly local: number;
}

/**
 * Words, locals and structured control flow of one function of generated code; knows no processor. Pure operations build
 * expressions; what changes something emits code where it stands.
 */
export class Expressions {
  readonly body: FunctionBody;
  protected readonly code: Code;
  #scopes: Value[][] = [[]];

  constructor(body: FunctionBody) {
    this.body = body;
    this.code = body.code;
  }

  // --- constants and conversions -------------------------------------------------------------------------------------

  const(width: Width, value: number | bigint): Value {
    return Value.constant(width, value);
  }

  zext(value: Value, width: Width): Value {
    if (value.width >= width) return value.width === width ? value : this.trunc(value, width);
    if (value.constant !== undefined) return this.const(width, value.constant);
    if (width === 64)
      return Value.tree(64, true, () => {
        this.pushClean(value);
        this.code.byte(OP.i64ExtendI32U);
      });
    return Value.tree(width, true, () => this.pushClean(value));
  }

  sext(value: Value, width: Width): Value {
    if (value.width === width) return value;
    if (value.constant !== undefined) return this.const(width, BigInt.asIntN(value.width, BigInt(value.constant)));
    if (width === 64)
      return Value.tree(64, true, () => {
        this.pushSigned(value);
        this.code.byte(OP.i64ExtendI32S);
      });
    return Value.tree(width, false, () => this.pushSigned(value));
  }

  trunc(value: Value, width: Width): Value {
    if (value.width === width) return value;
    if (value.constant !== undefined) return this.const(width, value.constant);
    if (value.wide)
      return Value.tree(width, false, () => {
        this.push(value);
        this.code.byte(OP.i32WrapI64);
      });
    return Value.tree(width, false, () => this.push(value));
  }

  // --- arithmetic and logic --------------------------------------------------------------------------------------------

  add(a: Value, b: Value): Value {
    if (isNought(b)) return a;
    if (isNought(a)) return b;
    return this.#binary(OP.i32Add, OP.i64Add, a, b, false, (x, y) => x + y);
  }
  sub(a: Value, b: Value): Value {
    if (isNought(b)) return a;
    return this.#binary(OP.i32Sub, OP.i64Sub, a, b, false, (x, y) => x - y);
  }
  mul(a: Value, b: Value): Value {
    return this.#binary(OP.i32Mul, OP.i64Mul, a, b, false, (x, y) => x * y);
  }
  and(a: Value, b: Value): Value {
    return this.#binary(OP.i32And, OP.i64And, a, b, a.clean || b.clean, (x, y) => x & y);
  }
  or(a: Value, b: Value): Value {
    if (isNought(b)) return a;
    return this.#binary(OP.i32Or, OP.i64Or, a, b, a.clean && b.clean, (x, y) => x | y);
  }
  xor(a: Value, b: Value): Value {
    return this.#binary(OP.i32Xor, OP.i64Xor, a, b, a.clean && b.clean, (x, y) => x ^ y);
  }
  not(a: Value): Value {
    return this.xor(a, this.const(a.width, -1));
  }
  neg(a: Value): Value {
    return this.sub(this.const(a.width, 0), a);
  }
  /** Shift counts are below the register width in WebAssembly (32 or 64); the caller masks. */
  shl(a: Value, count: Value | number): Value {
    return this.#shift(OP.i32Shl, OP.i64Shl, a, count, () => this.push(a), false);
  }
  shr(a: Value, count: Value | number): Value {
    return this.#shift(OP.i32ShrU, OP.i64ShrU, a, count, () => this.pushClean(a), true);
  }
  sar(a: Value, count: Value | number): Value {
    return this.#shift(OP.i32ShrS, OP.i64ShrS, a, count, () => this.pushSigned(a), false);
  }
  rotl32(a: Value, count: Value): Value {
    return this.#shift(OP.i32Rotl, OP.i64Rotl, a, count, () => this.push(a), true);
  }
  rotr32(a: Value, count: Value): Value {
    return this.#shift(OP.i32Rotr, OP.i64Rotr, a, count, () => this.push(a), true);
  }
  /** Unsigned and signed division of i32 or i64; the caller has excluded zero and overflow. */
  divU(a: Value, b: Value): Value {
    return this.#cleanBinary(OP.i32DivU, OP.i64DivU, a, b);
  }
  remU(a: Value, b: Value): Value {
    return this.#cleanBinary(OP.i32RemU, OP.i64RemU, a, b);
  }
  divS(a: Value, b: Value): Value {
    return this.#signedBinary(OP.i32DivS, OP.i64DivS, a, b);
  }
  remS(a: Value, b: Value): Value {
    return this.#signedBinary(OP.i32RemS, OP.i64RemS, a, b);
  }
  clz(a: Value): Value {
    return this.#unary(OP.i32Clz, OP.i64Clz, a);
  }
  ctz(a: Value): Value {
    return this.#unary(OP.i32Ctz, OP.i64Ctz, a);
  }
  popcnt(a: Value): Value {
    return this.#unary(OP.i32Popcnt, OP.i64Popcnt, a);
  }

  // --- comparisons: results are 0 or 1 of width 8 ----------------------------------------------------------------------

  isZero(a: Value): Value {
    if (a.constant !== undefined) return this.const(8, isNought(a) ? 1 : 0);
    return Value.tree(8, true, () => {
      this.pushClean(a);
      this.code.byte(a.wide ? OP.i64Eqz : OP.i32Eqz);
    });
  }
  nonZero(a: Value): Value {
    return this.ne(a, this.const(a.width, 0));
  }
  eq(a: Value, b: Value): Value {
    return this.#compare(OP.i32Eq, OP.i64Eq, a, b, false, (x, y) => x === y);
  }
  ne(a: Value, b: Value): Value {
    return this.#compare(OP.i32Ne, OP.i64Ne, a, b, false, (x, y) => x !== y);
  }
  ltU(a: Value, b: Value): Value {
    return this.#compare(OP.i32LtU, OP.i64LtU, a, b, false, (x, y) => x < y);
  }
  gtU(a: Value, b: Value): Value {
    return this.#compare(OP.i32GtU, OP.i64GtU, a, b, false, (x, y) => x > y);
  }
  ltS(a: Value, b: Value): Value {
    return this.#compare(OP.i32LtS, OP.i64LtS, a, b, true, (x, y) => x < y);
  }
  isNegative(a: Value): Value {
    return this.ltS(a, this.const(a.width, 0));
  }

  select(condition: Value, whenTrue: Value, whenFalse: Value): Value {
    return Value.tree(whenTrue.width, whenTrue.clean && whenFalse.clean, () => {
      this.push(whenTrue);
      this.push(whenFalse);
      this.push(condition);
      this.code.byte(OP.select);
    });
  }

  // --- locals and structure ----------------------------------------------------------------------------------------------

  /** Computes the value now and keeps it; every later use of it reads the local. */
  let(value: Value): Value {
    if (value.local >= 0 || value.constant !== undefined) return value;
    const local = this.body.newLocal(typeOf(value.width));
    this.push(value);
    this.code.localSet(local);
    value.local = local;
    this.#scopes.at(-1)!.push(value);
    return value;
  }

  variable(initial: Value): Variable {
    const local = this.body.newLocal(typeOf(initial.width));
    this.pushClean(initial);
    this.code.localSet(local);
    return { width: initial.width, local };
  }

  /** Snapshot of a variable's value now. */
  get(variable: Variable): Value {
    return this.let(Value.tree(variable.width, true, () => this.code.localGet(variable.local)));
  }

  set(variable: Variable, value: Value): void {
    this.pushClean(value);
    this.code.localSet(variable.local);
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    if (condition.constant !== undefined) {
      if (!isNought(condition)) then();
      else otherwise?.();
      return;
    }
    this.push(condition);
    this.code.if(VOID);
    this.scoped(then);
    if (otherwise) {
      this.code.else();
      this.scoped(otherwise);
    }
    this.code.end();
  }

  /** Repeats the body while it returns a true value. */
  loop(body: () => Value): void {
    this.code.loop(VOID);
    this.scoped(() => {
      this.push(body());
      this.code.brIf(0);
    });
    this.code.end();
  }

  /** Ends the function with its results. */
  return(...results: readonly Value[]): void {
    for (const result of results) this.pushClean(result);
    this.code.byte(OP.return);
  }

  /** Values kept in locals inside are expressions again afterwards: the local may not have been assigned. */
  protected scoped(emit: () => void): void {
    this.#scopes.push([]);
    emit();
    for (const value of this.#scopes.pop()!) value.local = -1;
  }

  // --- vectors: WebAssembly's operations by OPV name; lanes count from the low end --------------------------------------

  /** An operation with a vector result. Operands are vectors, shift counts (i32) or what a splat repeats. */
  vector(op: number, ...operands: readonly Value[]): Value {
    return Value.tree(128, true, () => {
      for (const operand of operands) this.pushClean(operand);
      this.code.vector(op);
    });
  }

  /** Bit masks and tests of a whole vector: an i32. */
  vectorTest(op: number, vector: Value): Value {
    return Value.tree(32, true, () => {
      this.push(vector);
      this.code.vector(op);
    });
  }

  /** One lane, zero-extended where the operation says so. */
  lane(op: number, width: Width, vector: Value, lane: number): Value {
    return Value.tree(width, true, () => {
      this.push(vector);
      this.code.vectorLane(op, lane);
    });
  }

  withLane(op: number, vector: Value, lane: number, value: Value): Value {
    return Value.tree(128, true, () => {
      this.push(vector);
      this.push(value);
      this.code.vectorLane(op, lane);
    });
  }

  /** Bytes by their numbers: 0 to 15 of the first vector, 16 to 31 of the second. */
  shuffle(a: Value, b: Value, bytes: readonly number[]): Value {
    return Value.tree(128, true, () => {
      this.push(a);
      this.push(b);
      this.code.shuffle(bytes);
    });
  }

  // --- emission ------------------------------------------------------------------------------------------------------------

  /** Pushes the value; bits above its width may be anything when it is not clean. */
  push(value: Value): void {
    if (value.local >= 0) this.code.localGet(value.local);
    else if (value.constant !== undefined) {
      if (typeof value.constant === 'number') this.code.i32Const(value.constant);
      else if (value.wide) this.code.i64Const(value.constant);
      else this.code.v128Const(value.constant);
    } else value.tree!();
  }

  pushClean(value: Value): void {
    this.push(value);
    if (value.clean) return;
    this.code.i32Const(value.width === 8 ? 0xff : 0xffff);
    this.code.byte(OP.i32And);
  }

  /** Sign-extended to the i32 (or i64) that carries it. */
  pushSigned(value: Value): void {
    this.push(value);
    if (value.width === 8) this.code.byte(OP.i32Extend8S);
    else if (value.width === 16) this.code.byte(OP.i32Extend16S);
  }

  #binary(
    op32: number,
    op64: number,
    a: Value,
    b: Value,
    clean: boolean,
    fold: (x: bigint, y: bigint) => bigint,
  ): Value {
    if (a.width !== b.width) throw new Error(`operands of ${a.width} and ${b.width} bits`);
    if (a.constant !== undefined && b.constant !== undefined)
      return this.const(a.width, fold(BigInt(a.constant), BigInt(b.constant)));
    return Value.tree(a.width, clean, () => {
      this.push(a);
      this.push(b);
      this.code.byte(a.wide ? op64 : op32);
    });
  }

  #cleanBinary(op32: number, op64: number, a: Value, b: Value): Value {
    return Value.tree(a.width, true, () => {
      this.pushClean(a);
      this.pushClean(b);
      this.code.byte(a.wide ? op64 : op32);
    });
  }

  #signedBinary(op32: number, op64: number, a: Value, b: Value): Value {
    return Value.tree(a.width, false, () => {
      this.pushSigned(a);
      this.pushSigned(b);
      this.code.byte(a.wide ? op64 : op32);
    });
  }

  #shift(op32: number, op64: number, a: Value, count: Value | number, pushA: () => void, clean: boolean): Value {
    if (count === 0) return a;
    return Value.tree(a.width, clean, () => {
      pushA();
      if (typeof count === 'number') {
        if (a.wide) this.code.i64Const(BigInt(count));
        else this.code.i32Const(count);
      } else if (a.wide && !count.wide) {
        this.pushClean(count);
        this.code.byte(OP.i64ExtendI32U);
      } else {
        this.pushClean(count);
        if (count.wide && !a.wide) this.code.byte(OP.i32WrapI64);
      }
      this.code.byte(a.wide ? op64 : op32);
    });
  }

  #unary(op32: number, op64: number, a: Value): Value {
    return Value.tree(a.width, true, () => {
      this.pushClean(a);
      this.code.byte(a.wide ? op64 : op32);
    });
  }

  #compare(
    op32: number,
    op64: number,
    a: Value,
    b: Value,
    signed: boolean,
    fold: (x: bigint, y: bigint) => boolean,
  ): Value {
    if (a.width !== b.width) throw new Error(`comparison of ${a.width} and ${b.width} bits`);
    if (a.constant !== undefined && b.constant !== undefined) {
      const [left, right] = [BigInt(a.constant), BigInt(b.constant)];
      const [x, y] = signed ? [BigInt.asIntN(a.width, left), BigInt.asIntN(b.width, right)] : [left, right];
      return this.const(8, fold(x, y) ? 1 : 0);
    }
    return Value.tree(8, true, () => {
      if (signed) {
        this.pushSigned(a);
        this.pushSigned(b);
      } else {
        this.pushClean(a);
        this.pushClean(b);
      }
      this.code.byte(a.wide ? op64 : op32);
    });
  }
}
