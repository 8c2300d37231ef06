import { describe, expect, test } from 'vitest';
import { advance, ManualClock, ProbeLine, TimerQueue } from '../../bus/index.ts';
import { Hpet } from './hpet.ts';

const CONFIG = 0x10;
const STATUS = 0x20;
const COUNTER = 0xf0;
const timer = (n: number): number => 0x100 + n * 0x20;
const comparator = (n: number): number => timer(n) + 8;
const ENABLE = 0x04;
const LEVEL = 0x02;
const PERIODIC = 0x08;
const SETVAL = 0x40;
const MODE32 = 0x100;
const route = (gsi: number): number => gsi << 9;

function hpet() {
  const clock = new ManualClock();
  const timers = new TimerQueue(clock);
  const gsis = Array.from({ length: 24 }, () => new ProbeLine());
  const legacy = [new ProbeLine(), new ProbeLine()] as const;
  const switched: boolean[] = [];
  const device = new Hpet('hpet', timers, { gsis, legacy, legacyChanged: (on) => switched.push(on) });
  const write = (at: number, value: number): void => device.mmioWrite(0, at, 4, value);
  const read = (at: number): number => device.mmioRead(0, at, 4);
  const until = (ns: number): void => advance(clock, timers, ns);
  return { clock, timers, gsis, legacy, switched, device, write, read, until };
}

describe('the main counter', () => {
  test('tells 10 ns a tick, three timers and 64 bits', () => {
    const h = hpet();

    expect([h.read(0), h.read(4)]).toEqual([0x8086a201, 10_000_000]);
  });

  test('counts while enabled, stands while not, and can be set', () => {
    const h = hpet();
    h.until(1_000_000);
    expect(h.read(COUNTER)).toBe(0);

    h.write(CONFIG, 1);
    h.until(2_000_000);
    const counted = h.read(COUNTER);
    h.write(CONFIG, 0);
    h.until(3_000_000);
    const stood = h.read(COUNTER);
    h.write(COUNTER, 5);
    h.write(COUNTER + 4, 7);

    expect([counted, stood]).toEqual([100_000, 100_000]);
    expect([h.read(COUNTER), h.read(COUNTER + 4)]).toEqual([5, 7]);
  });
});

describe('a comparator', () => {
  test('fires once at its value', () => {
    const h = hpet();
    h.write(timer(2), ENABLE | MODE32 | route(16));
    h.write(comparator(2), 1000);
    h.write(CONFIG, 1);

    h.until(9_999);
    const before = h.gsis[16].level;
    h.until(10_000);

    expect([before, h.gsis[16].level]).toEqual([false, true]);
    h.until(1_000_000);
    expect(h.gsis[16].risingEdges).toBe(1);
  });

  test('in periodic mode goes on by the period that the second write set', () => {
    const h = hpet();
    h.write(timer(0), ENABLE | PERIODIC | SETVAL | MODE32 | route(2));
    h.write(comparator(0), 500);
    h.write(comparator(0), 200);
    h.write(CONFIG, 1);

    h.until(5_000);
    const first = h.gsis[2].risingEdges;
    h.until(5_000 + 10 * 2_000);

    expect([first, h.gsis[2].risingEdges]).toEqual([1, 11]);
  });

  test('with a period of one tick leaves time for the machine', () => {
    const h = hpet();
    h.write(timer(0), ENABLE | PERIODIC | SETVAL | MODE32 | route(2));
    h.write(comparator(0), 1);
    h.write(CONFIG, 1);
    h.clock.nowNs += 1_000_000;

    h.timers.runDue();

    expect(h.timers.nextDeadlineNs - h.clock.nowNs).toBeGreaterThanOrEqual(1_000);
  });

  test('set to a value just passed fires at once', () => {
    const h = hpet();
    h.write(CONFIG, 1);
    h.until(100_000);
    h.write(timer(1), ENABLE | MODE32 | route(8));

    h.write(comparator(1), 9_990);
    h.until(100_100);

    expect(h.gsis[8].level).toBe(true);
  });

  test('level-triggered stays up until its status bit is cleared', () => {
    const h = hpet();
    h.write(timer(2), ENABLE | LEVEL | MODE32 | route(20));
    h.write(comparator(2), 100);
    h.write(CONFIG, 1);

    h.until(5_000);
    const status = h.read(STATUS);
    h.write(STATUS, 1 << 2);

    expect([status, h.gsis[20].risingEdges, h.gsis[20].level, h.read(STATUS)]).toEqual([4, 1, false, 0]);
  });

  test('that is not enabled is silent', () => {
    const h = hpet();
    h.write(comparator(2), 100);
    h.write(CONFIG, 1);

    h.until(1_000_000);

    expect(h.gsis.every((line) => line.risingEdges === 0)).toBe(true);
  });

  test('keeps a route that it does not have from being set', () => {
    const h = hpet();
    h.write(timer(0), route(16));

    h.write(timer(0), route(5));

    expect(h.read(timer(0)) & route(31)).toBe(route(16));
  });
});

test('legacy replacement sends comparators 0 and 1 to IRQ0 and IRQ8 and says so', () => {
  const h = hpet();
  h.write(timer(0), ENABLE | MODE32 | route(16));
  h.write(comparator(0), 100);

  h.write(CONFIG, 3);
  h.until(1_000);

  expect([h.legacy[0].level, h.gsis[16].level, h.switched.at(-1)]).toEqual([true, false, true]);
});
