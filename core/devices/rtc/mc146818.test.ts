import { beforeEach, describe, expect, test } from 'vitest';
import { advance, ManualClock, ProbeLine, TimerQueue } from '../../bus/index.ts';
import { REG } from './civil-time.ts';
import { MC146818_RANGE, Mc146818Rtc } from './mc146818.ts';

const SECOND_NS = 1e9;
const B_SET = 0x80;
const B_PIE = 0x40;
const B_AIE = 0x20;
const B_UIE = 0x10;
const B_BINARY = 0x04;
const B_24H = 0x02;

let clock: ManualClock;
let timers: TimerQueue;
let irq8: ProbeLine;
let rtc: Mc146818Rtc;

function powerOn(iso: string): void {
  clock = new ManualClock();
  timers = new TimerQueue(clock);
  irq8 = new ProbeLine();
  rtc = new Mc146818Rtc('rtc', timers, { nowMs: Date.parse(iso) }, irq8);
  rtc.reset('power');
}

const elapse = (seconds: number): void => advance(clock, timers, clock.nowNs + seconds * SECOND_NS);

function read(index: number): number {
  rtc.ioWrite(MC146818_RANGE.STANDARD, 0, 1, index);
  return rtc.ioRead(MC146818_RANGE.STANDARD, 1, 1);
}

function write(index: number, value: number): void {
  rtc.ioWrite(MC146818_RANGE.STANDARD, 0, 1, index);
  rtc.ioWrite(MC146818_RANGE.STANDARD, 1, 1, value);
}

const hex = (...indices: number[]): string => indices.map((i) => read(i).toString(16).padStart(2, '0')).join(' ');
const date = (): string => hex(REG.CENTURY, REG.YEAR, REG.MONTH, REG.DAY, REG.DAY_OF_WEEK);
const timeOfDay = (): string => hex(REG.HOURS, REG.MINUTES, REG.SECONDS);

beforeEach(() => powerOn('2024-02-28T23:59:58.000Z'));

describe('time', () => {
  test('comes from the wall clock at power-on, in BCD and 24 hours', () => {
    expect(date()).toBe('20 24 02 28 04');
    expect(timeOfDay()).toBe('23 59 58');
  });

  test('passes with the virtual clock, through midnight into a leap day', () => {
    elapse(3);

    expect(date()).toBe('20 24 02 29 05');
    expect(timeOfDay()).toBe('00 00 01');
  });

  test('carries into the century', () => {
    powerOn('1999-12-31T23:59:59.000Z');

    elapse(1);

    expect(date()).toBe('20 00 01 01 07');
  });

  test('starts within the second that the wall clock is in', () => {
    powerOn('2024-02-28T12:00:00.750Z');

    elapse(0.24);
    expect(timeOfDay()).toBe('12 00 00');
    elapse(0.01);

    expect(timeOfDay()).toBe('12 00 01');
  });

  test('a program’s date goes on from what it wrote', () => {
    write(REG.B, B_SET | B_24H);
    const written: [number, number][] = [
      [REG.CENTURY, 0x19],
      [REG.YEAR, 0x87],
      [REG.MONTH, 0x06],
      [REG.DAY, 0x30],
      [REG.DAY_OF_WEEK, 0x03],
      [REG.HOURS, 0x23],
      [REG.MINUTES, 0x59],
      [REG.SECONDS, 0x59],
    ];
    written.forEach(([index, value]) => write(index, value));
    elapse(100);
    expect(timeOfDay()).toBe('23 59 59');

    write(REG.B, B_24H);
    elapse(1);

    expect(date()).toBe('19 87 07 01 04');
    expect(timeOfDay()).toBe('00 00 00');
  });

  test('a time written without SET counts on at once', () => {
    write(REG.SECONDS, 0x10);

    elapse(5);

    expect(read(REG.SECONDS)).toBe(0x15);
  });

  test('binary mode counts in binary', () => {
    write(REG.B, B_24H | B_BINARY);
    write(REG.SECONDS, 29);
    write(REG.MINUTES, 10);

    elapse(1);

    expect(read(REG.SECONDS)).toBe(30);
  });

  test.each([
    [0x11, 0x92],
    [0x91, 0x12],
    [0x12, 0x01],
    [0x92, 0x81],
  ])('in 12-hour mode the hour after %i is %i', (before, after) => {
    write(REG.B, B_SET);
    write(REG.HOURS, before);
    write(REG.MINUTES, 0x59);
    write(REG.SECONDS, 0x59);
    write(REG.B, 0);

    elapse(1);

    expect(read(REG.HOURS)).toBe(after);
  });

  test('UIP announces the update 244 us ahead and ends with it', () => {
    elapse(0.9997);
    expect(read(REG.A) & 0x80).toBe(0);
    elapse(0.0001);
    expect(read(REG.A) & 0x80).toBe(0x80);
    expect(read(REG.SECONDS)).toBe(0x58);
    elapse(0.0002);

    expect(read(REG.A) & 0x80).toBe(0);
    expect(read(REG.SECONDS)).toBe(0x59);
  });

  test('the first update comes half a second after the divider is let go', () => {
    write(REG.A, 0x70);
    elapse(10.3);
    expect(read(REG.SECONDS)).toBe(0x58);

    write(REG.A, 0x26);
    elapse(0.49);
    expect(read(REG.SECONDS)).toBe(0x58);
    elapse(0.02);

    expect(read(REG.SECONDS)).toBe(0x59);
  });
});

describe('interrupts', () => {
  test('the update-ended interrupt comes every second that was acknowledged', () => {
    write(REG.B, B_24H | B_UIE);
    elapse(1);
    expect(irq8.level).toBe(true);

    expect(read(REG.C) & ~0x40).toBe(0x90);

    expect(irq8.level).toBe(false);
    elapse(3);
    expect(irq8.risingEdges).toBe(2);
  });

  test('a flag that is set while disabled interrupts when it is enabled', () => {
    elapse(1);
    expect(irq8.level).toBe(false);

    write(REG.B, B_24H | B_UIE);

    expect(irq8.level).toBe(true);
  });

  test('reading C clears the flags, and they read without IRQF when disabled', () => {
    elapse(1);

    expect(read(REG.C)).toBe(0x50);
    expect(read(REG.C)).toBe(0);
  });

  test('setting SET clears UIE', () => {
    write(REG.B, B_24H | B_UIE | B_SET);

    expect(read(REG.B)).toBe(B_24H | B_SET);
  });

  test.each([
    ['at its time', [0x00, 0x00, 0x30], 32],
    ['every minute, hour and minute not cared for', [0xff, 0xc0, 0x05], 7],
    ['every second, nothing cared for', [0xc0, 0xc0, 0xc0], 1],
  ] as const)('the alarm goes off %s', (_name, [hours, minutes, seconds], afterSeconds) => {
    write(REG.HOURS_ALARM, hours);
    write(REG.MINUTES_ALARM, minutes);
    write(REG.SECONDS_ALARM, seconds);
    read(REG.C);
    write(REG.B, B_24H | B_AIE);

    elapse(afterSeconds - 0.001);
    expect(irq8.level).toBe(false);
    elapse(0.002);

    expect(irq8.level).toBe(true);
    expect(read(REG.C) & 0xa0).toBe(0xa0);
  });

  test('an alarm passed while nobody looked leaves its flag', () => {
    write(REG.HOURS_ALARM, 0x12);
    write(REG.MINUTES_ALARM, 0x00);
    write(REG.SECONDS_ALARM, 0x00);

    clock.nowNs += 40 * 3600 * SECOND_NS;

    expect(read(REG.C) & 0x20).toBe(0x20);
  });

  test.each([
    [0x26, 1024],
    [0x2f, 2],
    [0x23, 8192],
    [0x21, 256],
    [0x22, 128],
  ])('rate %i gives %i periodic interrupts a second', (registerA, hertz) => {
    write(REG.A, registerA);
    write(REG.B, B_24H | B_PIE);
    read(REG.C);
    irq8.risingEdges = 0;
    const end = clock.nowNs + 10 * SECOND_NS;

    while (timers.nextDeadlineNs <= end) {
      advance(clock, timers, timers.nextDeadlineNs);
      read(REG.C);
    }

    expect(irq8.risingEdges).toBe(10 * hertz);
  });

  test('a new rate makes no event of its own', () => {
    elapse(5.0001);
    write(REG.A, 0x2f);
    read(REG.C);
    write(REG.A, 0x2d);

    expect(read(REG.C) & 0x40).toBe(0);
    elapse(0.2);
    expect(read(REG.C) & 0x40).toBe(0x40);
  });

  test('a periodic interrupt that nobody acknowledges costs no further alarm', () => {
    write(REG.B, B_24H | B_PIE);
    elapse(0.1);

    expect(irq8.risingEdges).toBe(1);
    expect(timers.nextDeadlineNs).toBe(Infinity);
  });
});

describe('ports and memory', () => {
  test('bit 7 of the index port masks NMI and is not part of the index', () => {
    rtc.setCmos(0x40, 0x5a);

    expect(read(0xc0)).toBe(0x5a);
    expect(rtc.nmiMasked).toBe(true);
    read(0x40);
    expect(rtc.nmiMasked).toBe(false);
  });

  test('the second bank has its own index', () => {
    rtc.ioWrite(MC146818_RANGE.EXTENDED, 0, 1, 0x40);
    rtc.ioWrite(MC146818_RANGE.EXTENDED, 1, 1, 0x77);

    expect(rtc.ioRead(MC146818_RANGE.EXTENDED, 1, 1)).toBe(0x77);
    expect(read(0x40)).toBe(0);
  });

  test('registers C and D cannot be written', () => {
    write(REG.C, 0xff);
    write(REG.D, 0x00);

    expect(read(REG.C)).toBe(0);
    expect(read(REG.D)).toBe(0x80);
  });

  test('memory and a program’s time survive a hard reset, interrupt enables do not', () => {
    write(0x50, 0xaa);
    write(REG.HOURS, 0x05);
    write(REG.B, B_24H | B_UIE);
    elapse(1);

    rtc.reset('hard');

    expect(irq8.level).toBe(false);
    expect(read(0x50)).toBe(0xaa);
    expect(read(REG.HOURS)).toBe(0x05);
    expect(read(REG.B)).toBe(B_24H);
  });
});
