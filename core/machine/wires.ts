/** Wires between interrupt sources and controllers that no chip of their own keeps. */
import type { IrqLine } from '../bus/index.ts';

/** A wire with any number of drivers: asserted while one of them asserts it. */
export class SharedWire {
  readonly #target: IrqLine;
  readonly #levels: boolean[] = [];

  constructor(target: IrqLine) {
    this.#target = target;
  }

  driver(): IrqLine {
    const own = this.#levels.push(false) - 1;
    return {
      set: (level) => {
        if (this.#levels[own] === level) return;
        this.#levels[own] = level;
        if (!this.#levels.some((other, n) => other && n !== own)) this.#target.set(level);
      },
    };
  }

  /**
   * For a load: who is at the wire's other end has its level in its own state, and the drivers drive theirs again. The
   * levels from before would make edges in between.
   */
  forget(): void {
    this.#levels.fill(false);
  }
}

/** PC/AT wiring with an I/O APIC beside the 8259s: IRQ0 is at input 2, the others at their own. */
export function isaWires(pic: readonly IrqLine[], ioApic: readonly SharedWire[]): readonly SharedWire[] {
  return pic.map((line, irq) => {
    const input = ioApic[irq === 0 ? 2 : irq].driver();
    return new SharedWire({
      set(level) {
        line.set(level);
        input.set(level);
      },
    });
  });
}

/**
 * IRQ0 or IRQ8 under HPET legacy replacement: the 8254 (or the RTC) drives it, or else a comparator. Which one is read
 * from the HPET's state at every change, so that a load has it right whatever comes first. Levels are not state: both
 * parts drive theirs after a load.
 */
export class LegacyTimerWire {
  readonly #target: IrqLine;
  readonly #replaced: () => boolean;
  readonly #levels = { chip: false, hpet: false };
  readonly chip: IrqLine = { set: (level) => this.#set('chip', level) };
  readonly hpet: IrqLine = { set: (level) => this.#set('hpet', level) };

  constructor(target: IrqLine, replaced: () => boolean) {
    this.#target = target;
    this.#replaced = replaced;
  }

  #set(source: 'chip' | 'hpet', level: boolean): void {
    this.#levels[source] = level;
    if (source === (this.#replaced() ? 'hpet' : 'chip')) this.#target.set(level);
  }

  /** Legacy replacement was switched. */
  update(): void {
    this.#target.set(this.#replaced() ? this.#levels.hpet : this.#levels.chip);
  }
}
