/**
 * Tier 1: the same semantics as tier 0, with operands taken from the records now instead of when they run. General
 * registers and flags live in locals; memory that the TLB cannot serve ends the region. Control flow is region-builder.ts's.
 */
import { I32, OP, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { REP, SEG } from '../../isa/index.ts';
import { UNTOUCHING, type HelperName } from '../helpers.ts';
import type { Condition, OperationFlags } from '../insn/builder.ts';
import type { Opnd } from '../insn/operand.ts';
import type { Value, Width } from '../insn/value.ts';
import { BUDGET, loadState } from '../interp/emit.ts';
import { formOfNumber } from '../interp/form.ts';
import { HandlerBuilder } from '../interp/handler-builder.ts';
import { SLOW, WINDOW_MISS, type AccessPaths, type HandlerImports, type Place } from '../interp/memory-builder.ts';
import { MODE, R, S, STATE, gprAddress, tlbAddress } from '../layout.ts';
import { GPR_COUNT, gprOf } from './effects.ts';
import type { Flow } from './flow.ts';
import type { RegionBlock, RegionPlan } from './plan.ts';
import type { RecordView } from './record-copy.ts';
import { RegionFlags } from './region-flags.ts';
import { Windows, type Stage, type Survey, type Window } from './windows.ts';

const SP = 4;
const BP = 5;

/** How the region is left; each has its own code behind the region's. */
export type Way =
  /** S.rip is set: go on there, through the jump cache. */
  | 'jump'
  /** S.rip is set, and the header of its block in the local `at`: go on there unless it was forgotten. */
  | 'linked'
  /** A slow path raised a fault. */
  | 'fault'
  /** S.rip is set and the budget right: back to TypeScript. */
  | 'yield'
  /** The same in the middle of a repeated string instruction. */
  | 'repeat'
  /** The block whose header is in the local `at` goes on in tier 0. */
  | 'tier0'
  /** The instruction whose record is in the local `at` does, and what follows it: only tier 0 does its access or case. */
  | 'record'
  /** The same, because a window could not be opened; the local `target` tells whether that counts. */
  | 'missed';

/** Equal to no address of which at most the four lowest bits of the offset are left. */
const NO_STACK_PAGE = 0x800;

/** What a miss of the page used last does: nothing, or makes its page the one; `first`: if there is none yet. */
type StackAccess = 'none' | 'use' | 'fill' | 'first';

/** Locals: a linear page and what takes its addresses to linear memory. */
interface StackPage {
  readonly page: number;
  readonly addend: number;
}

/** Windows that are open at once. */
const WINDOW_COUNT = 6;

/** A plan, with its control flow as code will have it. */
export interface RegionSource extends RegionPlan {
  readonly flow: Flow;
  readonly view: RecordView;
  /** Which emission of the region it is, and what is known before. */
  readonly stage: Stage;
  readonly survey: Survey;
}

/** What a region knows while it is emitted, and what its instructions read and write. */
export abstract class RegionState extends HandlerBuilder {
  protected readonly plan: RegionSource;
  protected readonly view: RecordView;
  protected readonly user: boolean;
  readonly #gpr: number[] = [];
  /** General registers that the region reads or writes, and those that it writes. */
  readonly #used = new Set<number>();
  readonly #written = new Set<number>();
  protected readonly flags: RegionFlags;
  protected readonly windows: Windows;
  /** Local: the header or record where control goes on. */
  protected readonly at: number;
  /** Local: the target of a computed jump. */
  protected readonly target: number;
  /** Local: set in a slow path when the board or changed code wants control before the next instruction. */
  protected readonly pause: number;
  /** The page that the stack pointer read from, and wrote to, last. */
  readonly #stackRead: StackPage;
  readonly #stackWrite: StackPage;
  /** The instruction's record, its block's number, and whether a call out of it may have set `pause`. */
  protected record = 0;
  protected current = 0;
  protected mayPause = false;

  constructor(body: FunctionBody, plan: RegionSource, imports: HandlerImports) {
    super(body, formOfNumber(plan.blocks[0].forms[0]), imports);
    this.plan = plan;
    this.view = plan.view;
    this.user = (plan.mode & MODE.USER) !== 0;
    for (let i = 0; i < GPR_COUNT; i++) this.#gpr.push(body.newLocal(I32));
    this.flags = new RegionFlags(this, body);
    const hosts = Array.from({ length: WINDOW_COUNT }, () => body.newLocal(I32));
    this.windows = new Windows(plan.survey, plan.stage, hosts, GPR_COUNT);
    this.at = body.newLocal(I32);
    this.target = body.newLocal(I32);
    this.pause = body.newLocal(I32);
    this.#stackRead = { page: body.newLocal(I32), addend: body.newLocal(I32) };
    this.#stackWrite = { page: body.newLocal(I32), addend: body.newLocal(I32) };
  }

  protected abstract leaveBy(way: Way): void;

  protected ripAt(block: RegionBlock, offset: number): number {
    return (this.plan.pages[block.page].ipBase + offset) >>> 0;
  }

  // --- registers and flags in locals -----------------------------------------------------------------------------------------

  /** Registers that were not written are in memory as they are. */
  protected spill(): void {
    const { code } = this;
    for (const index of this.#written) {
      code.i32Const(gprAddress(index));
      code.localGet(this.#gpr[index]);
      code.memory(OP.i32Store, 0);
    }
    code.i32Const(STATE);
    this.flags.pushResult();
    code.memory(OP.i64Store, S.flagsResult);
    this.scoped(() => this.setState32(S.flagsAux, this.flags.aux));
  }

  /** Emits into the prologue, when it is known which registers the region uses. */
  protected loadUsed(code: Code): void {
    this.#gpr.forEach((local, index) => {
      if (this.#used.has(index)) loadGpr(code, local, index);
    });
    this.flags.reload(
      code,
      () => loadState(code, S.flagsResult),
      () => loadState(code, S.flagsAux),
    );
    code.i32Const(NO_STACK_PAGE);
    code.localTee(this.#stackRead.page);
    code.localSet(this.#stackWrite.page);
  }

  #reload(): void {
    const { code } = this;
    this.#gpr.forEach((local, index) => loadGpr(code, local, index));
    this.flags.reload(
      code,
      () => loadState(code, S.flagsResult),
      () => loadState(code, S.flagsAux),
    );
    for (let index = 0; index < GPR_COUNT; index++) this.windows.setRegister(index, undefined);
  }

  override readGpr(index: number, width: Width, high = false): Value {
    this.#used.add(index);
    const value = this.now(width, () => {
      this.code.localGet(this.#gpr[index]);
      if (high) {
        this.code.i32Const(8);
        this.code.byte(OP.i32ShrU);
      }
      if (width === 32) return;
      this.code.i32Const(width === 8 ? 0xff : 0xffff);
      this.code.byte(OP.i32And);
    });
    if (width === 32) value.origin = this.windows.register(index);
    return value;
  }

  override writeGpr(index: number, value: Value, high = false): void {
    const { code } = this;
    const local = this.#gpr[index];
    this.#used.add(index);
    this.#written.add(index);
    this.windows.setRegister(index, value.width === 32 ? value.origin : undefined);
    if (value.width === 32) this.push(value);
    else {
      const mask = value.width === 16 ? 0xffff : 0xff;
      code.localGet(local);
      code.i32Const(~(high ? mask << 8 : mask));
      code.byte(OP.i32And);
      this.pushClean(value);
      if (high) {
        code.i32Const(8);
        code.byte(OP.i32Shl);
      }
      code.byte(OP.i32Or);
    }
    code.localSet(local);
  }

  override add(a: Value, b: Value): Value {
    const sum = super.add(a, b);
    setOrigin(sum, a, b, 1);
    setOrigin(sum, b, a, 1);
    return sum;
  }

  override sub(a: Value, b: Value): Value {
    const difference = super.sub(a, b);
    setOrigin(difference, a, b, -1);
    return difference;
  }

  /** The general register whose address a field of the record holds, or undefined. */
  #gprAt(field: number): { index: number; high: boolean } | undefined {
    return gprOf(this.view.getUint32(this.record + field, true));
  }

  protected override readRegister(field: number, width: Width): Value {
    const gpr = this.#gprAt(field);
    if (gpr) return this.readGpr(gpr.index, width, gpr.high);
    if (this.view.getUint32(this.record + field, true) === STATE + S.zero) return this.const(width, 0);
    return super.readRegister(field, width);
  }

  protected override writeRegister(field: number, value: Value): void {
    const gpr = this.#gprAt(field);
    if (gpr) this.writeGpr(gpr.index, value, gpr.high);
    else super.writeRegister(field, value);
  }

  override setFlagsWords(result: Value, aux: Value): void {
    this.flags.setWords(result, aux);
  }
  override setFlagsAux(aux: Value): void {
    this.flags.setAux(aux);
  }
  override setFlags(flags: OperationFlags): void {
    this.flags.set(flags);
  }
  override flagsResult(): Value {
    return this.flags.result64;
  }
  override flagsAux(): Value {
    return this.flags.aux;
  }
  override knownCondition(condition: Condition): Value | undefined {
    return this.flags.condition(condition);
  }
  override flagsResultIsZero(): Value {
    return this.flags.isZero;
  }
  override flagsResultSign(): Value {
    return this.flags.sign;
  }

  /** Emits code that runs always, whose locals and kept values nothing after it needs. */
  protected whole(emit: () => void): void {
    this.body.reusingLocals(() => this.scoped(emit));
  }

  override if(condition: Value, then: () => void, otherwise?: () => void): void {
    if (condition.constant !== undefined) {
      super.if(condition, then, otherwise);
      return;
    }
    const { code, flags } = this;
    if (otherwise) flags.settle();
    this.push(condition);
    code.if(VOID);
    const { way, join } = this.windows.fork();
    const arm = (emit: (() => void) | undefined) => emit && ((): void => way(() => this.scoped(emit)));
    flags.fork(arm(then)!, arm(otherwise), (emit) => {
      code.else();
      this.scoped(emit);
    });
    code.end();
    join(!otherwise);
  }

  override loop(body: () => Value): void {
    const { flags } = this;
    flags.settle();
    flags.forget();
    this.windows.forget();
    super.loop(() => {
      const again = this.let(body());
      flags.settle();
      return again;
    });
    flags.forget();
    this.windows.forget();
  }

  // --- constants from the record -------------------------------------------------------------------------------------------

  protected override field(offset: number, op: number = OP.i32Load, width: Width = 32): Value {
    const at = this.record + offset;
    const value =
      op === OP.i32Load8U
        ? this.view.getUint8(at)
        : op === OP.i32Load16U
          ? this.view.getUint16(at, true)
          : this.view.getUint32(at, true);
    return this.const(width, value);
  }

  protected override ipAt(offsetField: number): Value {
    const offset = this.view.getUint16(this.record + offsetField, true);
    return this.const(32, this.ripAt(this.plan.blocks[this.current], offset));
  }

  override relativeTarget(_target: Opnd): Value {
    const offset = this.view.getInt32(this.record + R.imm, true);
    const rip = this.ripAt(this.plan.blocks[this.current], offset);
    return this.const(32, this.operandWidth === 16 ? rip & 0xffff : rip);
  }

  protected override tlb(write: boolean): { offset: number } {
    return { offset: tlbAddress(this.user, write) };
  }

  protected override pushRecord(): void {
    this.code.i32Const(this.record);
  }

  // --- memory ----------------------------------------------------------------------------------------------------------------

  /**
   * Accesses that the TLB cannot serve leave the region, so that no memory access needs a look at faults or kicks
   * behind it. Repeated string instructions are the exception: where they stop is the same on every engine.
   */
  protected override get hasSlowPaths(): boolean {
    return this.form.rep !== REP.NONE;
  }

  protected override translated(place: Place, width: Width, write: boolean, paths: AccessPaths): void {
    if (this.hasSlowPaths) {
      super.translated(place, width, write, paths);
      return;
    }
    const { code } = this;
    if (this.#inWindow(place, width, write, paths)) return;
    const linear = this.body.newLocal(I32);
    this.pushLinear(place, width, write, linear, () => {
      code.ifUnlikely();
      this.leaveToRecord();
      code.end();
    });
    const cache = this.#stackAccess(place);
    if (cache === 'none') this.#pushTranslated(linear, width, write);
    else this.#pushByStackPage(linear, width, write, cache);
    paths.fast(0);
  }

  /** Makes the access through a window, if it is not on its own. */
  #inWindow({ flat, address, aligned }: Place, width: Width, write: boolean, paths: AccessPaths): boolean {
    if (!this.plan.windows || !flat || aligned || !address.origin) return false;
    const use = this.windows.use(address.origin, width / 8, write);
    if (!use) return false;
    const { window, opens } = use;
    const distance = (address.origin.offset - window.from) | 0;
    if (opens) this.#open(window, address, distance, width);
    this.code.localGet(window.host);
    paths.fast(distance);
    return true;
  }

  /** Opens a window for the access at `address`, which lies `distance` behind its start. */
  #open({ from, to, write, host }: Window, address: Value, distance: number, width: Width): void {
    const { code } = this;
    const start = this.body.newLocal(I32);
    this.push(address);
    code.i32Const(distance);
    code.byte(OP.i32Sub);
    code.localSet(start);
    code.block(I32);
    code.block(VOID);
    this.pushHost(start, to - from, write, () => code.brIfUnlikely(0));
    code.br(1);
    code.end();
    this.push(address);
    code.i32Const(width / 8 + (write ? SLOW.WRITE : 0));
    code.localGet(start);
    code.i32Const(to - from);
    code.call(this.imports.openWindow);
    code.localTee(this.target);
    code.i32Const(WINDOW_MISS);
    code.byte(OP.i32LeU);
    code.ifUnlikely();
    code.i32Const(this.record);
    code.localSet(this.at);
    this.leaveBy('missed');
    code.end();
    code.localGet(this.target);
    code.end();
    code.localSet(host);
  }

  protected leaveToRecord(): void {
    this.code.i32Const(this.record);
    this.code.localSet(this.at);
    this.leaveBy('record');
  }

  /** `found` runs with the host address on the stack when the TLB had the page. */
  #pushTranslated(linear: number, width: Width, write: boolean, found: () => void = () => {}): void {
    const { code } = this;
    code.block(I32);
    code.block(VOID);
    this.pushHost(linear, width / 8, write, () => code.brIfUnlikely(0));
    found();
    code.br(1);
    code.end();
    code.localGet(linear);
    code.i32Const(width / 8 + (write ? SLOW.WRITE : 0));
    code.call(this.imports.translate);
    code.localTee(this.target);
    code.byte(OP.i32Eqz);
    code.ifUnlikely();
    this.leaveToRecord();
    code.end();
    code.localGet(this.target);
    code.end();
  }

  /** By the page that the stack pointer used last. */
  #pushByStackPage(linear: number, width: Width, write: boolean, access: StackAccess): void {
    const { code } = this;
    const host = this.body.newLocal(I32);
    const { page, addend } = write ? this.#stackWrite : this.#stackRead;
    // Aligned only: an access that ends in this page may begin in the page before, which lies elsewhere.
    code.localGet(linear);
    code.i32Const(-4096 | (width / 8 - 1));
    code.byte(OP.i32And);
    code.localGet(page);
    code.byte(OP.i32Eq);
    code.if(I32);
    code.localGet(linear);
    code.localGet(addend);
    code.byte(OP.i32Add);
    code.else();
    // A page where code was decoded is not in the write TLB: each write must look.
    this.#pushTranslated(linear, width, write, () => {
      if (access === 'use') return;
      code.localSet(host);
      if (access === 'first') {
        code.localGet(page);
        code.i32Const(NO_STACK_PAGE);
        code.byte(OP.i32Eq);
        code.if(VOID);
      }
      this.#fillStackPage(linear, width, write, host);
      if (access === 'first') code.end();
      code.localGet(host);
    });
    code.end();
  }

  /** What was written may be read too. */
  #fillStackPage(linear: number, width: Width, write: boolean, host: number): void {
    const { code } = this;
    for (const { page, addend } of write ? [this.#stackWrite, this.#stackRead] : [this.#stackRead]) {
      code.localGet(host);
      code.localGet(linear);
      code.byte(OP.i32Sub);
      code.localSet(addend);
      this.pushPage(linear, width / 8);
      code.localSet(page);
    }
  }

  /** Accesses by the stack pointer keep to one page most of the time, those by the frame pointer mostly to the same. */
  #stackAccess(place: Place): StackAccess {
    if (!place.flat) return 'none';
    if (place.segment === SEG.SS) return 'fill';
    if (place.segment !== 'record' || this.view.getUint8(this.record + R.segmentIndex) !== SEG.SS) return 'none';
    const base = this.#gprAt(R.base)?.index;
    if (base !== SP) return base === BP ? 'use' : 'none';
    // A table on the stack may lie in two pages: its elements should not drive each other out, nor the frame.
    return this.form.indexed ? 'first' : 'fill';
  }

  // --- calls into TypeScript -------------------------------------------------------------------------------------------------

  protected override afterCall(): void {
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.ifUnlikely();
    this.leaveBy('fault');
    code.end();
    this.#afterReturn();
  }

  override helper(name: HelperName, ...args: Value[]): Value {
    if (!UNTOUCHING.has(name)) return super.helper(name, ...args);
    this.#untouched = true;
    const result = super.helper(name, ...args);
    this.#untouched = false;
    return result;
  }
  #untouched = false;

  /** What the rest of the region will write is not known yet: all registers are in memory from here on. */
  protected override beforeHelper(): void {
    if (this.#untouched) return;
    for (let index = 0; index < GPR_COUNT; index++) {
      this.#used.add(index);
      this.#written.add(index);
    }
    this.spill();
  }

  /** A helper that faulted may have changed registers in memory (a task switch): they are not written over. */
  protected override afterHelper(): void {
    if (this.#untouched) {
      this.afterCall();
      return;
    }
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.ifUnlikely();
    code.byte(OP.return);
    code.end();
    this.#reload();
    this.#afterReturn();
  }

  #afterReturn(): void {
    const { code } = this;
    this.windows.close();
    this.loadState(S.budget, OP.i32Load);
    code.localSet(BUDGET);
    this.loadState(S.pause, OP.i32Load);
    code.localSet(this.pause);
    this.mayPause = true;
  }
}

/** Of a 32-bit sum or difference with a constant. */
function setOrigin(result: Value, word: Value, distance: Value, sign: 1 | -1): void {
  if (!word.origin || distance.constant === undefined) return;
  result.origin ??= {
    root: word.origin.root,
    offset: (word.origin.offset + sign * Number(distance.constant)) | 0,
  };
}

function loadGpr(code: Code, local: number, index: number): void {
  code.i32Const(gprAddress(index));
  code.memory(OP.i32Load, 0);
  code.localSet(local);
}
