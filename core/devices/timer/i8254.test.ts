import { beforeEach, describe, expect, test } from 'vitest';
import { advance, ManualClock, ProbeLine, TimerQueue } from '../../bus/index.ts';
import { I8254Pit } from './i8254.ts';
import { PIT_HZ, pitTickAt, pitTickNs } from './pit-clock.ts';

let clock: ManualClock;
let timers: TimerQueue;
let irq0: ProbeLine;
let pit: I8254Pit;

/** Moves time to `tick`; alarms fire on the way. */
const at = (tick: number): void => advance(clock, timers, pitTickNs(tick));
const control = (value: number): void => pit.ioWrite(0, 3, 1, value);
const write = (counter: number, ...bytes: number[]): void => bytes.forEach((byte) => pit.ioWrite(0, counter, 1, byte));
const read = (counter: number): number => pit.ioRead(0, counter, 1);
const readWord = (counter: number): number => read(counter) | (read(counter) << 8);
const program = (counter: number, mode: number, count: number, bcd = 0): void => {
  control((counter << 6) | 0x30 | (mode << 1) | bcd);
  write(counter, count & 0xff, count >> 8);
};
/** OUT2 at each of the ticks, as a string of H and L. */
const out2 = (from: number, to: number): string => {
  let text = '';
  for (let tick = from; tick <= to; tick++) {
    at(tick);
    text += pit.out2 ? 'H' : 'L';
  }
  return text;
};
const count2 = (from: number, to: number): number[] => {
  const counts: number[] = [];
  for (let tick = from; tick <= to; tick++) {
    at(tick);
    control(0x80);
    counts.push(readWord(2));
  }
  return counts;
};

beforeEach(() => {
  clock = new ManualClock();
  timers = new TimerQueue(clock);
  irq0 = new ProbeLine();
  pit = new I8254Pit('pit', timers, irq0);
  pit.setGate2(true);
});

describe('the clock', () => {
  test('counts 1193182 ticks to the second, after a century as well', () => {
    const century = 100 * 365 * 86_400;

    expect(pitTickAt(1e9)).toBe(PIT_HZ);
    expect(pitTickAt(century * 1e9)).toBe(century * PIT_HZ);
  });

  test('a tick’s instant is the first at which it has happened', () => {
    for (const tick of [0, 1, 2, 3, 596_590, 596_591, 65_536 * 1000, 7_777_777_777]) {
      expect(pitTickAt(pitTickNs(tick))).toBe(tick);
      if (tick > 0) expect(pitTickAt(pitTickNs(tick) - 1)).toBe(tick - 1);
    }
  });

  test('an alarm computed after years of uptime is not before its tick', () => {
    for (let i = 0; i < 2000; i++) {
      const tick = 1e14 + i * 7919;

      expect(pitTickAt(pitTickNs(tick))).toBe(tick);
    }
  });
});

describe('mode 0', () => {
  test('OUT goes high N + 1 ticks after the count was written, and stays', () => {
    program(2, 0, 4);

    expect(out2(0, 8)).toBe('LLLLLHHHH');
  });

  test('the element counts down from the tick after the write and wraps past zero', () => {
    program(2, 0, 2);

    expect(count2(1, 5)).toEqual([2, 1, 0, 0xffff, 0xfffe]);
  });

  test('GATE low suspends the count and leaves OUT alone', () => {
    program(2, 0, 4);
    at(2);
    pit.setGate2(false);
    expect(count2(3, 6)).toEqual([3, 3, 3, 3]);

    pit.setGate2(true);

    expect(out2(7, 10)).toBe('LLHH');
  });

  test('the first byte of a new count stops the old one and pulls OUT low', () => {
    program(2, 0, 2);
    at(5);
    expect(pit.out2).toBe(true);

    write(2, 3);
    expect(pit.out2).toBe(false);
    at(100);
    expect(pit.out2).toBe(false);
    write(2, 0);

    expect(out2(101, 105)).toBe('LLLHH');
  });

  test('a count loaded while GATE is low waits for it', () => {
    pit.setGate2(false);
    program(2, 0, 3);
    expect(count2(1, 3)).toEqual([3, 3, 3]);

    pit.setGate2(true);

    expect(out2(4, 7)).toBe('LLHH');
  });

  test('counter 0 interrupts once', () => {
    program(0, 0, 1000);
    at(1000);
    expect(irq0.level).toBe(false);
    at(1001);
    expect(irq0.level).toBe(true);

    at(1_000_000);

    expect(irq0.risingEdges).toBe(1);
  });
});

describe('mode 1', () => {
  test('a GATE edge starts a pulse of N ticks; another one prolongs it', () => {
    pit.setGate2(false);
    program(2, 1, 3);
    expect(out2(0, 3)).toBe('HHHH');

    pit.setGate2(true);
    expect(out2(4, 5)).toBe('LL');
    pit.setGate2(false);
    pit.setGate2(true);

    expect(out2(6, 10)).toBe('LLLHH');
  });

  test('GATE low does not stop the pulse', () => {
    pit.setGate2(false);
    program(2, 1, 2);
    pit.setGate2(true);
    pit.setGate2(false);

    expect(out2(1, 4)).toBe('LLHH');
  });
});

describe('mode 2', () => {
  test('OUT is low for one tick in N', () => {
    program(2, 2, 3);

    expect(out2(1, 9)).toBe('HHLHHLHHL');
    expect(count2(10, 13)).toEqual([3, 2, 1, 3]);
  });

  test('a new count takes over at the end of the period', () => {
    program(2, 2, 4);
    at(2);

    write(2, 2, 0);

    expect(out2(2, 9)).toBe('HHLHLHLH');
  });

  test('GATE low holds OUT high; its rise reloads the count', () => {
    program(2, 2, 4);
    at(4);
    expect(pit.out2).toBe(false);
    pit.setGate2(false);
    expect(out2(4, 6)).toBe('HHH');

    pit.setGate2(true);

    expect(out2(7, 11)).toBe('HHHLH');
  });

  test('counter 0 interrupts at PIT_HZ / N without drift', () => {
    program(0, 2, 1193);
    const started = irq0.risingEdges;

    at(1 + 1193 * 100_000);

    expect(irq0.risingEdges - started).toBe(100_000);
  });

  test('the illegal count of 1 neither interrupts nor arms an alarm', () => {
    program(0, 2, 1);
    at(2);
    const edges = irq0.risingEdges;

    at(100_000);

    expect(irq0.risingEdges).toBe(edges);
    expect(timers.nextDeadlineNs).toBe(Infinity);
  });

  test('pulses that a late host missed come as one edge', () => {
    program(0, 2, 1000);
    at(500);
    const edges = irq0.risingEdges;

    clock.nowNs = pitTickNs(50_500);
    timers.runDue();

    expect(irq0.risingEdges - edges).toBe(1);
    expect(timers.nextDeadlineNs).toBeGreaterThan(clock.nowNs);
  });
});

describe('mode 3', () => {
  test('an even count is half high, half low, and counts by two', () => {
    program(2, 3, 4);

    expect(out2(1, 9)).toBe('HHLLHHLLH');
    expect(count2(9, 13)).toEqual([4, 2, 4, 2, 4]);
  });

  test('an odd count is one tick longer high, and shows even numbers', () => {
    program(2, 3, 5);

    expect(out2(1, 11)).toBe('HHHLLHHHLLH');
    expect(count2(11, 16)).toEqual([4, 2, 0, 4, 2, 4]);
  });

  test('a new count takes over at the end of the half period', () => {
    program(2, 3, 8);
    at(2);

    write(2, 4, 0);

    expect(out2(2, 10)).toBe('HHHLLHHLL');
  });

  test('GATE low holds OUT high; its rise starts a high half', () => {
    program(2, 3, 4);
    at(3);
    expect(pit.out2).toBe(false);
    pit.setGate2(false);
    expect(out2(3, 5)).toBe('HHH');

    pit.setGate2(true);

    expect(out2(6, 10)).toBe('HHLLH');
  });

  test('a count of 0 is 65536: 18.2 interrupts a second', () => {
    program(0, 3, 0);
    const started = irq0.risingEdges;

    advance(clock, timers, 10e9);

    expect(irq0.risingEdges - started).toBe(Math.floor((10 * PIT_HZ - 1) / 65_536));
  });

  test('the frequency of counter 2 is known while it oscillates', () => {
    program(2, 3, 1193);
    at(1);
    expect(pit.frequency2Hz).toBeCloseTo(1000.15, 2);

    pit.setGate2(false);

    expect(pit.frequency2Hz).toBe(0);
  });
});

describe('modes 4 and 5', () => {
  test('mode 4 strobes low for one tick after N + 1, once', () => {
    program(2, 4, 3);

    expect(out2(0, 8)).toBe('HHHHLHHHH');
    at(65_536 + 4);
    expect(pit.out2).toBe(true);
  });

  test('mode 4 starts over with a count written meanwhile', () => {
    program(2, 4, 3);
    at(3);

    write(2, 2, 0);

    expect(out2(3, 8)).toBe('HHHLHH');
  });

  test('mode 5 strobes N + 1 ticks after a GATE edge', () => {
    pit.setGate2(false);
    program(2, 5, 2);
    expect(out2(0, 4)).toBe('HHHHH');

    pit.setGate2(true);

    expect(out2(4, 9)).toBe('HHHLHH');
  });
});

describe('reading and writing', () => {
  test('a latched count stays while the counter runs, byte by byte, and is not latched again', () => {
    program(2, 2, 0x1234);
    at(1);
    control(0x80);
    at(100);
    control(0x80);

    expect(readWord(2)).toBe(0x1234);
    expect(readWord(2)).toBe(0x1234 - 99);
  });

  test('LSB-only access reads and writes the low byte', () => {
    control(0x94);
    write(2, 50);
    at(11);

    expect(read(2)).toBe(40);
    expect(read(2)).toBe(40);
  });

  test('MSB-only access writes the high byte over zero', () => {
    control(0xa4);
    write(2, 0x12);
    at(1);

    expect(read(2)).toBe(0x12);
    expect(pit.state.counters[2].initial).toBe(0x1200);
  });

  test('BCD counts in decades, and 0 is 10000', () => {
    program(2, 2, 0x1000, 1);
    at(2);
    expect(readWord(2)).toBe(0x0999);
    program(2, 2, 0, 1);
    at(4);

    expect(readWord(2)).toBe(0x9999);
  });

  test('read-back latches status before count, for several counters at once', () => {
    program(2, 3, 0x100);
    program(1, 2, 0x20);
    at(3);

    control(0xcc);

    expect(read(2)).toBe(0x80 | 0x30 | (3 << 1));
    expect(readWord(2)).toBe(0x100 - 4);
    expect(read(1)).toBe(0x80 | 0x30 | (2 << 1));
    expect(readWord(1)).toBe(0x1e);
  });

  test('the status shows a null count until the element is loaded', () => {
    program(2, 0, 0x100);
    control(0xe8);
    expect(read(2)).toBe(0x40 | 0x30);
    at(1);

    control(0xe8);

    expect(read(2)).toBe(0x30);
  });

  test('the control word’s own port reads as an open bus', () => {
    expect(read(3)).toBe(0xff);
  });

  test('a control word drives OUT to the mode’s idle level at once', () => {
    control(0x34);
    expect(irq0.level).toBe(true);

    control(0x30);

    expect(irq0.level).toBe(false);
  });
});
