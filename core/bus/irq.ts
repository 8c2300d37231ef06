/** One wire: level 0 or 1. Who drives it does not know who listens. */
export interface IrqLine {
  set(level: boolean): void;
}

/** A wire that goes nowhere. */
export const unconnected: IrqLine = { set() {} };

/** A wire for tests: remembers its level and counts rising edges. */
export class ProbeLine implements IrqLine {
  level = false;
  risingEdges = 0;
  set(level: boolean): void {
    if (level && !this.level) this.risingEdges++;
    this.level = level;
  }
}
