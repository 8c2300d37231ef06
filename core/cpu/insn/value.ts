/**
 * Words that semantics compute with. A Value is an expression over immutable things (constants and locals that are
 * assigned once), so it may be emitted where it is used, or kept in a local when used more than once.
 */
/** 128: a vector, which only the vector operations take. */
export type Width = 8 | 16 | 32 | 64 | 128;

/** A distance, modulo 2^32, from a word that is not known but the same wherever its number is. */
export interface Origin {
  readonly root: number;
  readonly offset: number;
}

export class Value {
  readonly width: Width;
  /** Bits above `width` in the i32 are known to be zero. Always true for 32 and wider. */
  readonly clean: boolean;
  /** Unsigned; a bigint only where it is wider than 32 bits. */
  readonly constant: number | bigint | undefined;
  readonly tree: (() => void) | undefined;
  /** Local that holds it, -1 while it is only an expression. */
  local = -1;
  /** Where it lies from what; absent when that is not known. */
  origin?: Origin;

  private constructor(
    width: Width,
    clean: boolean,
    constant: number | bigint | undefined,
    tree: (() => void) | undefined,
  ) {
    this.width = width;
    this.clean = clean || width >= 32;
    this.constant = constant;
    this.tree = tree;
  }

  /** Of a value modulo 2 to the power of `width`. */
  static constant(width: Width, value: number | bigint): Value {
    return new Value(width, true, width > 32 ? BigInt.asUintN(width, BigInt(value)) : word(width, value), undefined);
  }

  static tree(width: Width, clean: boolean, tree: () => void): Value {
    return new Value(width, clean, undefined, tree);
  }

  static local(width: Width, clean: boolean, local: number): Value {
    const value = new Value(width, clean, undefined, undefined);
    value.local = local;
    return value;
  }

  /** True where the WebAssembly type is i64. */
  get wide(): boolean {
    return this.width === 64;
  }
}

function word(width: Width, value: number | bigint): number {
  const whole = typeof value === 'number' ? value : Number(BigInt.asUintN(32, value));
  return width === 32 ? whole >>> 0 : whole & (width === 16 ? 0xffff : 0xff);
}
