/**
 * Arithmetic flags in a region. Where paths meet and where the region is left they are the two words of insn/flags.ts;
 * between, the auxiliary word is not computed: the operands of what set the flags last are kept instead, and while it is
 * known what that was, a condition is a comparison of them.
 */
import { I32, OP, type Code, type FunctionBody } from '../../wasm/index.ts';
import { CC, type Builder, type Condition, type OperationFlags } from '../insn/builder.ts';
import { Value, type Width } from '../insn/value.ts';

/** What is known at a place in the code; never changed, so that it tells whether flags were set since. */
interface Known {
  readonly kind: OperationFlags['kind'] | 'step' | 'other' | 'words';
  readonly width: Width;
  readonly left: Value;
  readonly right: Value;
  /** Gives the auxiliary word; absent: the local has it. */
  readonly aux?: () => Value;
}

export class RegionFlags {
  readonly #b: Builder;
  readonly #code: Code;
  /** The result, sign-extended to 32 bits: always right. */
  readonly #result: number;
  readonly #aux: number;
  readonly #left: number;
  readonly #right: number;
  #known: Known;

  constructor(b: Builder, body: FunctionBody) {
    this.#b = b;
    this.#code = body.code;
    this.#result = body.newLocal(I32);
    this.#aux = body.newLocal(I32);
    this.#left = body.newLocal(I32);
    this.#right = body.newLocal(I32);
    this.#known = this.#words();
  }

  #words(): Known {
    const none = this.#b.const(32, 0);
    return { kind: 'words', width: 32, left: none, right: none };
  }

  // --- what is known, by place in the code ------------------------------------------------------------------------------

  /** Paths meet here, all with the words settled. */
  forget(): void {
    this.#known = this.#words();
  }

  /** Makes the words right. */
  settle(): void {
    const { aux, ...known } = this.#known;
    if (!aux) return;
    this.#assign(this.#aux, aux());
    this.#known = known;
  }

  /** Emits code from which control does not come back. */
  aside(emit: () => void): void {
    const known = this.#known;
    emit();
    this.#known = known;
  }

  /**
   * Emits two ways of which one runs, the second by `emitElse`, with the words settled. Without a second one, one is
   * emitted where the first changes flags.
   */
  fork(first: () => void, second: (() => void) | undefined, emitElse: (emit: () => void) => void): void {
    const before = this.#known;
    first();
    const changed = this.#known !== before;
    if (changed) this.settle();
    this.#known = before;
    if (second ?? (changed && before.aux))
      emitElse(() => {
        second?.();
        this.settle();
      });
    if (changed || this.#known !== before) this.forget();
  }

  // --- setting --------------------------------------------------------------------------------------------------------------

  setWords(result: Value, aux: Value): void {
    this.#assign(this.#aux, aux);
    this.#assignResult(result);
    this.forget();
  }

  setAux(aux: Value): void {
    this.#assign(this.#aux, aux);
    this.forget();
  }

  set({ kind, result, left, right, keepsCarry, aux }: OperationFlags): void {
    if (keepsCarry) this.settle();
    const { width } = result;
    const kept = { left: this.#keep(this.#left, left), right: this.#keep(this.#right, right) };
    this.#assignResult(result);
    const words = { result: Value.local(width, false, this.#result), old: Value.local(32, true, this.#aux) };
    this.#known = {
      kind: kind ?? (keepsCarry ? 'step' : 'other'),
      width,
      ...kept,
      aux: () => aux({ ...kept, ...words }),
    };
  }

  /** What is known lies in locals of this object: those of an instruction are another's soon. */
  #keep(local: number, value: Value | undefined): Value {
    if (!value) return this.#b.const(32, 0);
    if (value.constant !== undefined) return value;
    this.#assign(local, value);
    return Value.local(value.width, false, local);
  }

  #assignResult(result: Value): void {
    this.#assign(this.#result, this.#b.sext(result, 32));
  }

  #assign(local: number, value: Value): void {
    this.#b.push(value);
    this.#code.localSet(local);
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
  get aux(): Value {
    return this.#known.aux ? this.#b.let(this.#known.aux()) : this.#local(this.#aux);
  }

  #local(local: number): Value {
    return this.#b.let(Value.tree(32, true, () => this.#code.localGet(local)));
  }

  /** An even condition code, when comparing operands gives it. */
  condition(condition: Condition): Value | undefined {
    const known = this.#compared(condition);
    // Now: the operands' locals are assigned again by what sets flags next.
    return known && this.#b.let(known);
  }

  #compared(condition: Condition): Value | undefined {
    const b = this.#b;
    const { kind, width, left, right } = this.#known;
    if (kind === 'words') return undefined;
    const result = Value.local(32, true, this.#result);
    if (condition === CC.Z) return kind === 'sub' ? b.eq(left, right) : b.isZero(result);
    if (condition === CC.S) return b.isNegative(result);
    switch (kind) {
      case 'logic':
        if (condition === CC.BE) return b.isZero(result);
        if (condition === CC.L) return b.isNegative(result);
        if (condition === CC.LE) return b.isZero(b.ltS(b.const(32, 0), result));
        return condition === CC.B || condition === CC.O ? b.const(8, 0) : undefined;
      case 'sub':
        if (condition === CC.B) return b.ltU(left, right);
        if (condition === CC.BE) return b.isZero(b.gtU(left, right));
        if (condition === CC.L) return b.ltS(left, right);
        return condition === CC.LE ? b.isZero(b.ltS(right, left)) : undefined;
      case 'add':
        return condition === CC.B ? b.ltU(Value.local(width, false, this.#result), left) : undefined;
      case 'step':
        return condition === CC.B ? b.trunc(b.shr(Value.local(32, true, this.#aux), 31), 8) : undefined;
      default:
        return undefined;
    }
  }

  // --- state in memory ------------------------------------------------------------------------------------------------------

  /** Pushes the result as S.flagsResult holds it. */
  pushResult(): void {
    this.#code.localGet(this.#result);
    this.#code.byte(OP.i64ExtendI32S);
  }

  /** Takes over the words that the two functions load from the state. */
  reload(code: Code, pushResult: () => void, pushAux: () => void): void {
    pushResult();
    code.localSet(this.#result);
    pushAux();
    code.localSet(this.#aux);
    this.forget();
  }
}
