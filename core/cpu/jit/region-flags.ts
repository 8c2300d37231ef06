/**
 * Arithmetic flags in a region: the operands of what set them, in locals. Nothing is computed until a condition reads
 * it or the region is left; while it is known which operation was the last, a condition is a comparison of its
 * operands. The words of insn/flags.ts follow from these.
 */
import { I32, OP, type Code, type FunctionBody } from '../../wasm/index.ts';
import { CC, type Builder, type Condition, type SumFlags } from '../insn/builder.ts';
import { AUX } from '../insn/flags.ts';
import { Value, type Width } from '../insn/value.ts';

/** Operands of an addition whose carries give auxiliary bits. */
interface Sum {
  readonly left: number;
  readonly right: number;
  readonly sum: number;
}

/** The last operation, while every path to here has the same. */
interface Known {
  /** `step`: a sum that took a carry in or left CF as it was. */
  readonly kind: 'add' | 'sub' | 'logic' | 'step';
  readonly left: Value;
  readonly right: Value;
  readonly result: Value;
}

export class RegionFlags {
  readonly #b: Builder;
  readonly #body: FunctionBody;
  /** The result, sign-extended to 32 bits. */
  readonly #result: number;
  /** The addition that OF and AF come from, the one that CF comes from, and the bits of `aux` that no addition has. */
  readonly #sum: Sum;
  readonly #carry: Sum;
  readonly #extra: number;
  /** Operands of a narrow sum. */
  readonly #narrow: { readonly left: number; readonly right: number };
  #known: Known | undefined;
  /** Counts changes, so that a scope can tell whether flags were set in it. */
  #changes = 0;

  constructor(b: Builder, body: FunctionBody) {
    this.#b = b;
    this.#body = body;
    const sum = (): Sum => ({ left: body.newLocal(I32), right: body.newLocal(I32), sum: body.newLocal(I32) });
    this.#result = body.newLocal(I32);
    this.#sum = sum();
    this.#carry = sum();
    this.#extra = body.newLocal(I32);
    this.#narrow = { left: body.newLocal(I32), right: body.newLocal(I32) };
  }

  // --- what is known, by place in the code ------------------------------------------------------------------------------

  forget(): void {
    this.#known = undefined;
    this.#changes++;
  }

  /** Emits code that may or may not run: what it did to the flags is not known afterwards. */
  maybe(emit: () => void): void {
    const known = this.#known;
    const changes = this.#changes;
    emit();
    this.#known = this.#changes === changes ? known : undefined;
  }

  /** Emits code from which control does not come back. */
  aside(emit: () => void): void {
    const known = this.#known;
    const changes = this.#changes;
    emit();
    this.#known = known;
    this.#changes = changes;
  }

  // --- setting --------------------------------------------------------------------------------------------------------------

  setResult(result: Value): void {
    this.#assign(this.#result, this.#b.sext(result, 32));
    this.forget();
  }

  /** Auxiliary bits as a word: an addition of the word to itself with the sum 0 has them as its carries. */
  setAux(aux: Value): void {
    const kept = this.#b.let(aux);
    const zero = this.#b.const(32, 0);
    this.#assignSum(this.#sum, kept, kept, zero);
    this.#assignSum(this.#carry, kept, kept, zero);
    this.#assign(this.#extra, kept);
    this.forget();
  }

  /** Of 32 bits; narrower sums have their carries elsewhere. */
  setSum(flags: SumFlags): void {
    const { left, right, sum } = flags;
    this.#assign(this.#result, this.#b.sext(flags.result, 32));
    this.#assignSum(this.#sum, left, right, sum);
    if (!flags.keepCarry) this.#assignSum(this.#carry, left, right, sum);
    this.#assign(this.#extra, this.#b.const(32, 0));
    this.#learn(kindOf(flags), 32, flags.subtraction ? this.#sum.sum : this.#sum.left, this.#sum.right);
  }

  /** Of narrow operands, after `setResult` and `setAux`. */
  learnNarrowSum(flags: SumFlags): void {
    this.#assign(this.#narrow.left, flags.subtraction ? flags.sum : flags.left);
    this.#assign(this.#narrow.right, flags.right);
    this.#learn(kindOf(flags), flags.result.width, this.#narrow.left, this.#narrow.right);
  }

  /** After `setResult` and `setAux`. */
  learnLogic(): void {
    this.#learn('logic', 32, this.#result, this.#result);
  }

  /** What is known lies in locals of this object: those of an instruction are another's soon. */
  #learn(kind: Known['kind'], width: Width, left: number, right: number): void {
    const [l, r, result] = [left, right, this.#result].map((local) => Value.local(width, false, local));
    this.#changes++;
    this.#known = { kind, left: l, right: r, result };
  }

  #assign(local: number, value: Value): void {
    this.#b.push(value);
    this.#body.code.localSet(local);
  }

  #assignSum(to: Sum, left: Value, right: Value, sum: Value): void {
    this.#assign(to.left, left);
    this.#assign(to.right, right);
    this.#assign(to.sum, sum);
  }

  // --- reading --------------------------------------------------------------------------------------------------------------

  get isZero(): Value {
    return this.#b.isZero(this.#local(this.#result));
  }
  get sign(): Value {
    return this.#b.shr(this.#local(this.#result), 31);
  }
  get result64(): Value {
    return this.#b.sext(this.#local(this.#result), 64);
  }

  /** The auxiliary word. */
  aux(): Value {
    const b = this.#b;
    const sum = b.let(this.#carries(this.#sum));
    const carry = b.let(b.and(this.#carries(this.#carry), b.const(32, AUX.CF)));
    const overflow = b.and(b.xor(sum, b.shl(sum, 1)), b.const(32, AUX.CF));
    const bits = b.or(b.or(carry, b.shr(b.xor(carry, overflow), 1)), b.and(sum, b.const(32, AUX.AF)));
    return b.let(b.or(bits, b.and(this.#local(this.#extra), b.const(32, 0xff00 | AUX.SIGN))));
  }

  #local(local: number): Value {
    return this.#b.let(Value.tree(32, true, () => this.#body.code.localGet(local)));
  }

  #carries({ left, right, sum }: Sum): Value {
    const b = this.#b;
    const [l, r, s] = [this.#local(left), this.#local(right), this.#local(sum)];
    return b.or(b.and(l, r), b.and(b.or(l, r), b.not(s)));
  }

  /** An even condition code, when comparing operands gives it. */
  condition(condition: Condition): Value | undefined {
    const known = this.#known && this.#compared(this.#known, condition);
    // Now: the operands' locals are assigned again by what sets flags next.
    if (known) return this.#b.let(known);
    if (condition !== CC.B) return undefined;
    return this.#b.trunc(this.#b.shr(this.#carries(this.#carry), 31), 8);
  }

  #compared({ kind, left, right, result }: Known, condition: Condition): Value | undefined {
    const b = this.#b;
    if (condition === CC.P) return undefined;
    if (condition === CC.Z) return kind === 'sub' ? b.eq(left, right) : b.isZero(result);
    if (condition === CC.S) return b.isNegative(result);
    if (kind === 'logic')
      switch (condition) {
        case CC.BE:
          return b.isZero(result);
        case CC.L:
          return b.isNegative(result);
        case CC.LE:
          return b.isZero(b.ltS(b.const(result.width, 0), result));
        default:
          return b.const(8, 0);
      }
    if (kind === 'sub')
      switch (condition) {
        case CC.B:
          return b.ltU(left, right);
        case CC.BE:
          return b.isZero(b.gtU(left, right));
        case CC.L:
          return b.ltS(left, right);
        case CC.LE:
          return b.isZero(b.ltS(right, left));
        default:
          return undefined;
      }
    return kind === 'add' && condition === CC.B ? b.ltU(result, left) : undefined;
  }

  // --- state in memory ------------------------------------------------------------------------------------------------------

  /** Pushes the result as S.flagsResult holds it. */
  pushResult(): void {
    this.#body.code.localGet(this.#result);
    this.#body.code.byte(OP.i64ExtendI32S);
  }

  /** Takes over words that `pushResult` and `pushAux` load from the state. */
  reload(code: Code, pushResult: () => void, pushAux: () => void): void {
    pushResult();
    code.localSet(this.#result);
    pushAux();
    code.localTee(this.#extra);
    code.localTee(this.#sum.left);
    code.localTee(this.#sum.right);
    code.localTee(this.#carry.left);
    code.localSet(this.#carry.right);
    for (const { sum } of [this.#sum, this.#carry]) {
      code.i32Const(0);
      code.localSet(sum);
    }
    this.forget();
  }
}

const kindOf = ({ keepCarry, carryIn, subtraction }: SumFlags): Known['kind'] =>
  keepCarry || carryIn ? 'step' : subtraction ? 'sub' : 'add';
