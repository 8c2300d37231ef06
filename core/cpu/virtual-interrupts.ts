import { gp } from './fault.ts';
import { FLAG } from './insn/flags.ts';
import { S } from './layout.ts';
import type { Tasks } from './tasks.ts';
import { CR4, type CpuState } from './state.ts';

/**
 * Who handles CLI, STI, PUSHF, POPF, IRET and INT n of a program that may not touch IF: virtual-8086 mode with its IOPL
 * rules, and CR4.VME and CR4.PVI, which give the program VIF in place of IF. SDM volume 3, 21.3 and 21.4.
 */
export class VirtualInterrupts {
  readonly #state: CpuState;
  readonly #tasks: Tasks;

  constructor(state: CpuState, tasks: Tasks) {
    this.#state = state;
    this.#tasks = tasks;
  }

  /** Virtual-8086 mode that may not touch IF. */
  get #restricted(): boolean {
    return this.#state.v86 && this.#state.iopl < 3;
  }
  get #vme(): boolean {
    return (this.#state.cr4 & CR4.VME) !== 0;
  }

  /** VIF stands for IF in CLI and STI. */
  get #virtualizesCli(): boolean {
    const state = this.#state;
    if (state.iopl === 3) return false;
    return state.v86 ? this.#vme : state.usesDescriptors && state.cpl === 3 && (state.cr4 & CR4.PVI) !== 0;
  }

  /** VIF stands for IF in PUSHF, POPF and IRET of this width. Throws #GP(0) where they are refused. */
  virtualizesFlags(width: number): boolean {
    if (!this.#restricted) return false;
    if (!this.#vme || width !== 16) throw gp();
    return true;
  }

  /** The flag that CLI and STI work on. Throws #GP(0) where they are refused. */
  interruptFlag(): number {
    const { protectedMode, cpl, iopl } = this.#state;
    if (!protectedMode || cpl <= iopl) return FLAG.IF;
    if (this.#virtualizesCli) return FLAG.VIF;
    throw gp();
  }

  /** Refuses to set VIF while an interrupt waits. */
  checkPending(image: number): void {
    if (image & FLAG.IF && this.#state.get(S.eflags) & FLAG.VIP) throw gp();
  }

  /** The 16 bits that PUSHF, or INT n within the program, stores: IF is VIF, IOPL reads as 3. */
  imageOf(eflags: number): number {
    return (eflags & ~FLAG.IF) | (eflags & FLAG.VIF ? FLAG.IF : 0) | FLAG.IOPL;
  }

  /** EFLAGS after POPF or IRET of a 16-bit image. Throws #GP(0). */
  merge(image: number): number {
    this.checkPending(image);
    if (image & FLAG.TF) throw gp();
    const kept = FLAG.IF | FLAG.IOPL | FLAG.VIF | 0xffff_0000;
    return (
      ((this.#state.eflags & kept & ~FLAG.VIF) | (image & ~kept & 0xffff) | (image & FLAG.IF ? FLAG.VIF : 0)) >>> 0
    );
  }

  /**
   * Whether INT n goes to the program's own handler, by the interrupt vector table at its address 0. Throws #GP(0)
   * where it is refused.
   */
  redirects(vector: number): boolean {
    if (!this.#state.v86) return false;
    if (this.#vme && !this.#tasks.interruptIntercepted(vector)) return true;
    if (this.#state.iopl < 3) throw gp();
    return false;
  }

  /** Flags on entry to such a handler. */
  enteredFlags(eflags: number): number {
    const disabled = this.#restricted ? FLAG.VIF : FLAG.IF;
    return eflags & ~(disabled | FLAG.TF | FLAG.NT | FLAG.RF);
  }

  /** The image of EFLAGS that such an interrupt pushes. */
  pushedFlags(eflags: number): number {
    return this.#restricted ? this.imageOf(eflags) : eflags;
  }
}
