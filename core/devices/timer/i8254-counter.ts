/**
 * One counter of an 8254: the six modes in closed form over CLK tick numbers. Intel 231164, "Mode definitions".
 *
 * A counting element that was loaded with N at tick B is a function of (tick - B), so nothing runs between accesses:
 * `syncCounter` applies the loads that have come due, `elementAt` and `outAt` evaluate, `nextOutEdge` looks ahead.
 * A count of 1 in mode 2 is illegal; OUT then stays high, as it does in mode 3. Deviation: the strobe of mode 4 ends
 * when GATE falls within it, not at the next CLK.
 */
import { bool, f64, oneOf, u32, u8, type ValuesOf } from '../../state/index.ts';

export const COUNTER_FIELDS = {
  mode: u8({ doc: '0 to 5' }),
  bcd: bool({ doc: 'Four decades instead of 16 bits' }),
  access: u8({ reset: 3, doc: 'RW bits: 1 LSB, 2 MSB, 3 LSB then MSB' }),
  writeHigh: bool({ doc: 'The next write is the second byte' }),
  readHigh: bool({ doc: 'The next read is the second byte' }),
  lowByte: u8({ doc: 'First byte written' }),
  countRegister: u32({ doc: 'CR, 1 to 65536', reset: 0x10000 }),
  countWritten: bool({ doc: 'CR was written since the control word' }),
  nullCount: bool({ reset: true, doc: 'CR has not reached the counting element' }),
  latchedBytes: u8({ doc: 'Bytes of the latched count still to be read' }),
  latch: u32({ doc: 'Latched count as read' }),
  statusLatched: bool(),
  status: u8({ doc: 'Latched status' }),
  element: oneOf(['empty', 'running', 'held'], { doc: 'Counting element: never loaded, counting, or stopped' }),
  base: f64({ doc: 'Tick at which the element held `initial` and started' }),
  initial: u32({ doc: 'Count at `base`, or the count it is stopped at' }),
  baseHigh: bool({ doc: 'Mode 3: the half period that starts at `base` is the high one' }),
  expired: bool({ doc: 'Modes 0, 1, 4, 5: terminal count is past (or a strobe is not due again)' }),
  out: bool({ doc: 'OUT while the element is not running' }),
  loadTick: f64({ reset: -1, doc: 'Tick of the coming load of CR, -1 when none' }),
} as const;

export type Counter = ValuesOf<typeof COUNTER_FIELDS>;

const isPeriodic = (c: Counter): boolean => c.mode === 2 || c.mode === 3;
/** Modes 1 and 5 count whatever GATE does; its rising edge loads them. */
const isTriggered = (c: Counter): boolean => c.mode === 1 || c.mode === 5;
const modulus = (c: Counter): number => (c.bcd ? 10_000 : 0x10000);

/** Lengths of mode 3's halves: an odd count is one longer when high. */
const highTicks = (count: number): number => (count + 1) >> 1;
const lowTicks = (count: number): number => count >> 1;

interface Half {
  readonly high: boolean;
  /** Ticks since the half began, and its length. */
  readonly at: number;
  readonly ticks: number;
}

function halfAt(c: Counter, tick: number): Half {
  const first = c.baseHigh ? highTicks(c.initial) : lowTicks(c.initial);
  const at = (tick - c.base) % c.initial;
  if (at < first) return { high: c.baseHigh, at, ticks: first };
  return { high: !c.baseHigh, at: at - first, ticks: c.initial - first };
}

/** The counting element at `tick` (not before the last sync), in counts. */
export function elementAt(c: Counter, tick: number): number {
  if (c.element !== 'running') return c.initial % modulus(c);
  const elapsed = tick - c.base;
  let value: number;
  if (c.mode === 2) value = c.initial - (elapsed % c.initial);
  else if (c.mode === 3) value = (c.initial & ~1) - 2 * halfAt(c, tick).at;
  else value = c.initial - elapsed;
  const size = modulus(c);
  return ((value % size) + size) % size;
}

export function outAt(c: Counter, tick: number): boolean {
  if (c.element !== 'running') return c.out;
  const elapsed = tick - c.base;
  switch (c.mode) {
    case 2:
      return c.initial === 1 || elapsed % c.initial !== c.initial - 1;
    case 3:
      return c.initial === 1 || halfAt(c, tick).high;
    case 4:
    case 5:
      return c.expired || elapsed !== c.initial;
    default:
      return c.expired || elapsed >= c.initial;
  }
}

/** First tick after `tick` at which OUT may change: an edge of the running element or a coming load. */
export function nextOutEdge(c: Counter, tick: number): number {
  const load = c.loadTick > tick ? c.loadTick : Infinity;
  if (c.element !== 'running') return load;
  const elapsed = tick - c.base;
  let edge = Infinity;
  if (c.mode === 2) {
    if (c.initial > 1) {
      const at = elapsed % c.initial;
      edge = tick + (at < c.initial - 1 ? c.initial - 1 - at : 1);
    }
  } else if (c.mode === 3) {
    const half = halfAt(c, tick);
    if (c.initial > 1) edge = tick + half.ticks - half.at;
  } else if (!c.expired) {
    if (elapsed < c.initial) edge = c.base + c.initial;
    else if ((c.mode === 4 || c.mode === 5) && elapsed === c.initial) edge = tick + 1;
  }
  return Math.min(edge, load);
}

/** Brings the counter to `tick`: performs a due load. Returns with `loadTick` either -1 or in the future. */
export function syncCounter(c: Counter, tick: number, gate: boolean): void {
  if (c.loadTick >= 0 && c.loadTick <= tick) load(c, gate);
}

function load(c: Counter, gate: boolean): void {
  const at = c.loadTick;
  // A count written in mid-period of mode 3 takes over at the half's end: keep the phase.
  const high = c.element !== 'running' || c.mode !== 3 || halfAt(c, at).high;
  c.loadTick = -1;
  c.nullCount = false;
  c.initial = c.countRegister;
  c.base = at;
  c.baseHigh = high;
  c.expired = false;
  c.out = c.mode !== 0 && c.mode !== 1;
  c.element = gate || isTriggered(c) ? 'running' : 'held';
}

/** Stops the element where it is. */
function hold(c: Counter, tick: number): void {
  if (c.element !== 'running') return;
  c.expired = c.expired || (!isPeriodic(c) && tick - c.base >= c.initial);
  const out = outAt(c, tick);
  const value = elementAt(c, tick);
  c.element = 'held';
  c.initial = value === 0 ? modulus(c) : value;
  c.out = out;
}

/** A control word (SC and RW not 0): OUT goes to the mode's idle level at once, the rest waits for a count. */
export function writeControl(c: Counter, tick: number, control: number): void {
  hold(c, tick);
  const mode = (control >> 1) & 7;
  c.mode = mode > 5 ? mode & 3 : mode;
  c.bcd = (control & 1) !== 0;
  c.access = (control >> 4) & 3;
  c.writeHigh = false;
  c.readHigh = false;
  c.latchedBytes = 0;
  c.statusLatched = false;
  c.countWritten = false;
  c.nullCount = true;
  c.loadTick = -1;
  if (c.element === 'held') c.element = 'empty';
  c.out = c.mode !== 0;
}

export function writeCount(c: Counter, tick: number, byte: number): void {
  if (c.access === 3 && !c.writeHigh) {
    c.lowByte = byte;
    c.writeHigh = true;
    // Mode 0 alone stops between the two bytes.
    if (c.mode === 0) {
      stopLow(c, tick);
      c.loadTick = -1;
    }
    return;
  }
  const word = c.access === 1 ? byte : c.access === 2 ? byte << 8 : c.lowByte | (byte << 8);
  c.writeHigh = false;
  c.countRegister = fromGuest(c, word);
  c.countWritten = true;
  c.nullCount = true;
  if (c.mode === 0) stopLow(c, tick);
  if (isTriggered(c)) return;
  if (!isPeriodic(c) || c.element === 'empty') c.loadTick = tick + 1;
  else if (c.element === 'running') c.loadTick = nextReload(c, tick);
}

function stopLow(c: Counter, tick: number): void {
  hold(c, tick);
  c.expired = false;
  c.out = false;
}

/** The tick at which a running mode 2 or 3 reloads itself. */
function nextReload(c: Counter, tick: number): number {
  if (c.mode === 2) return tick + c.initial - ((tick - c.base) % c.initial);
  const half = halfAt(c, tick);
  return tick + half.ticks - half.at;
}

/** GATE changed to `gate` between `tick` and the next one. */
export function changeGate(c: Counter, tick: number, gate: boolean): void {
  if (isTriggered(c)) {
    if (gate && c.countWritten) c.loadTick = tick + 1;
    return;
  }
  if (isPeriodic(c)) {
    if (gate) {
      if (c.countWritten) c.loadTick = tick + 1;
    } else {
      hold(c, tick);
      c.out = true;
      // The first load needs no GATE; a later one waits for its rising edge.
      if (c.element === 'held') c.loadTick = -1;
    }
    return;
  }
  if (!gate) hold(c, tick);
  else if (c.element === 'held' && !c.writeHigh) {
    c.element = 'running';
    c.base = tick;
  }
}

/** What the two count bytes read as. */
export function toGuest(c: Counter, count: number): number {
  if (!c.bcd) return count & 0xffff;
  let word = 0;
  for (let shift = 0, rest = count; shift < 16; shift += 4, rest = Math.floor(rest / 10)) word |= (rest % 10) << shift;
  return word;
}

/** 0 means the largest count. Decades above 9, which no program writes on purpose, count by their weight. */
function fromGuest(c: Counter, word: number): number {
  if (!c.bcd) return word || 0x10000;
  const value = (word & 15) + ((word >> 4) & 15) * 10 + ((word >> 8) & 15) * 100 + (word >> 12) * 1000;
  return value || 10_000;
}
