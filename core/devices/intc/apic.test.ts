import { describe, expect, test } from 'vitest';
import { advance, ManualClock, TimerQueue } from '../../bus/index.ts';
import { ApicBus } from './apic-bus.ts';
import { I8259Pair } from './i8259-pair.ts';
import { IoApic } from './ioapic.ts';
import { LocalApic } from './local-apic.ts';

const R = { ID: 0x20, TPR: 0x80, PPR: 0xa0, EOI: 0xb0, LDR: 0xd0, DFR: 0xe0, SVR: 0xf0, ESR: 0x280 } as const;
const ICR_LOW = 0x300;
const ICR_HIGH = 0x310;
const LVT_TIMER = 0x320;
const LINT0 = 0x350;
const LINT1 = 0x360;
const LVT_ERROR = 0x370;
const INITIAL = 0x380;
const CURRENT = 0x390;
const DIVIDE = 0x3e0;
const MASKED = 0x10000;
const PERIODIC = 0x20000;

function system() {
  const clock = new ManualClock();
  const timers = new TimerQueue(clock);
  const bus = new ApicBus();
  const events: string[] = [];
  const make = (id: number): LocalApic => {
    const cpu = {
      interruptChanged() {},
      nmi: () => events.push(`nmi ${id}`),
      init: () => events.push(`init ${id}`),
      startup: (vector: number) => events.push(`startup ${id} ${vector}`),
      baseChanged() {},
    };
    const apic = new LocalApic(`lapic.${id}`, id, bus, timers, cpu, () => pics.acknowledge());
    apic.mmioWrite(0, R.SVR, 4, 0x1ff);
    return apic;
  };
  const local = make(0);
  const pics = new I8259Pair(local.lint0);
  for (const [chip, base] of [
    [pics.master, 0x08],
    [pics.slave, 0x70],
  ] as const) {
    chip.ioWrite(0, 0, 1, 0x11);
    chip.ioWrite(0, 1, 1, base);
    chip.ioWrite(0, 1, 1, chip === pics.master ? 4 : 2);
    chip.ioWrite(0, 1, 1, 1);
  }
  const io = new IoApic('ioapic', bus);
  const write = (register: number, value: number): void => local.mmioWrite(0, register, 4, value);
  const read = (register: number): number => local.mmioRead(0, register, 4);
  const redirect = (input: number, low: number, high = 0): void => {
    io.mmioWrite(0, 0, 4, 0x10 + input * 2 + 1);
    io.mmioWrite(0, 0x10, 4, high);
    io.mmioWrite(0, 0, 4, 0x10 + input * 2);
    io.mmioWrite(0, 0x10, 4, low);
  };
  const entry = (input: number): number => {
    io.mmioWrite(0, 0, 4, 0x10 + input * 2);
    return io.mmioRead(0, 0x10, 4);
  };
  /** Delivers everything that can be delivered without an end of interrupt. */
  const take = (): number[] => {
    const vectors: number[] = [];
    while (local.hasInterrupt && vectors.length < 10) vectors.push(local.acknowledge());
    return vectors;
  };
  const after = (ns: number): void => advance(clock, timers, clock.nowNs + ns);
  return { clock, timers, bus, events, local, pics, io, make, write, read, redirect, entry, take, after };
}

describe('priorities', () => {
  test('the highest vector is served first, and nothing of its class or below until its end', () => {
    const s = system();
    for (const vector of [0x31, 0x45, 0x4a]) s.bus.sendMsi(0xfee00000, vector);

    expect(s.take()).toEqual([0x4a]);
    expect(s.read(R.PPR)).toBe(0x40);
    s.write(R.EOI, 0);
    expect(s.take()).toEqual([0x45]);
    s.write(R.EOI, 0);
    expect(s.take()).toEqual([0x31]);
  });

  test('a vector of a higher class interrupts the service of a lower', () => {
    const s = system();
    s.bus.sendMsi(0xfee00000, 0x31);
    s.take();

    s.bus.sendMsi(0xfee00000, 0x51);

    expect(s.take()).toEqual([0x51]);
  });

  test('the task priority holds back its own class and those below', () => {
    const s = system();
    s.local.cr8 = 5;

    s.bus.sendMsi(0xfee00000, 0x5f);
    s.bus.sendMsi(0xfee00000, 0x60);

    expect(s.take()).toEqual([0x60]);
    s.write(R.EOI, 0);
    s.write(R.TPR, 0x40);
    expect(s.take()).toEqual([0x5f]);
  });

  test('an acknowledge without a request gives the spurious vector and no service to end', () => {
    const s = system();

    expect(s.local.acknowledge()).toBe(0xff);
    expect([0x100, 0x170].map((register) => s.read(register))).toEqual([0, 0]);
  });

  test('while it is software-disabled it takes no fixed interrupts', () => {
    const s = system();
    s.write(R.SVR, 0xff);

    s.bus.sendMsi(0xfee00000, 0x40);
    s.write(R.SVR, 0x1ff);

    expect(s.local.hasInterrupt).toBe(false);
  });
});

describe('the 8259s', () => {
  test('reach the processor by LINT0 as it is after a reset', () => {
    const s = system();

    s.pics.lines[1].set(true);

    expect(s.take()).toEqual([0x09]);
  });

  test('are cut off by masking LINT0, and reach it past a disabled APIC', () => {
    const s = system();
    s.write(LINT0, MASKED | 0x700);
    s.pics.lines[1].set(true);
    expect(s.local.hasInterrupt).toBe(false);

    s.local.apicBase = 0xfee00100;

    expect(s.take()).toEqual([0x09]);
  });

  test("come after the APIC's own interrupts", () => {
    const s = system();
    s.pics.lines[0].set(true);
    s.bus.sendMsi(0xfee00000, 0x20);

    expect(s.take()).toEqual([0x20, 0x08]);
  });
});

describe('the timer', () => {
  test('in one-shot mode interrupts once, when the count is through', () => {
    const s = system();
    s.write(LVT_TIMER, 0x40);
    s.write(DIVIDE, 0x3); // by 16
    s.write(INITIAL, 1000);

    s.after(15_999);
    expect([s.read(CURRENT), s.local.hasInterrupt]).toEqual([1, false]);
    s.after(1);
    const first = s.take();
    s.write(R.EOI, 0);
    s.after(100_000);

    expect([first, s.read(CURRENT), s.local.hasInterrupt]).toEqual([[0x40], 0, false]);
  });

  test('in periodic mode interrupts at every period', () => {
    const s = system();
    s.write(LVT_TIMER, PERIODIC | 0x40);
    s.write(DIVIDE, 0xb); // by 1
    s.write(INITIAL, 10_000);
    let count = 0;

    for (let i = 0; i < 50; i++) {
      s.after(10_000);
      count += s.take().length;
      s.write(R.EOI, 0);
    }

    expect(count).toBe(50);
  });

  test('stops when its initial count is set to zero', () => {
    const s = system();
    s.write(LVT_TIMER, PERIODIC | 0x40);
    s.write(INITIAL, 10_000);

    s.write(INITIAL, 0);

    expect(s.timers.nextDeadlineNs).toBe(Infinity);
  });

  test('with a period of nanoseconds leaves time for the machine', () => {
    const s = system();
    s.write(LVT_TIMER, PERIODIC | 0x40);
    s.write(DIVIDE, 0xb);
    s.write(INITIAL, 1);
    s.clock.nowNs += 1_000_000;

    s.timers.runDue();

    expect(s.timers.nextDeadlineNs - s.clock.nowNs).toBeGreaterThanOrEqual(1000);
  });

  test('masked, it counts and is silent', () => {
    const s = system();
    s.write(LVT_TIMER, MASKED | 0x40);
    s.write(INITIAL, 1000);

    s.after(1_000_000);

    expect(s.local.hasInterrupt).toBe(false);
  });
});

describe('interprocessor interrupts', () => {
  test('reach the sender by the self shorthand', () => {
    const s = system();

    s.write(ICR_LOW, 0x40050);

    expect(s.take()).toEqual([0x50]);
  });

  test('start another processor by INIT and STARTUP', () => {
    const s = system();
    s.make(1);
    s.write(ICR_HIGH, 1 << 24);

    s.write(ICR_LOW, 0x4500);
    s.write(ICR_LOW, 0x8500); // level de-assert
    s.write(ICR_LOW, 0x4608);

    expect(s.events).toEqual(['init 1', 'startup 1 8']);
  });

  test('to all but self leave the sender alone', () => {
    const s = system();
    const other = s.make(1);

    s.write(ICR_LOW, 0xc0060);

    expect([s.local.hasInterrupt, other.hasInterrupt]).toEqual([false, true]);
  });

  test('with a vector below 16 are errors that ESR tells after it was written', () => {
    const s = system();
    s.write(LVT_ERROR, 0xe0);

    s.write(ICR_LOW, 0x40003);
    const before = s.read(R.ESR);
    s.write(R.ESR, 0);

    expect([before, s.read(R.ESR)]).toEqual([0, 0x20]);
    expect(s.take()).toEqual([0xe0]);
  });
});

describe('destinations', () => {
  test('flat logical ones are bits', () => {
    const s = system();
    const other = s.make(1);
    s.write(R.LDR, 0x01000000);
    other.mmioWrite(0, R.LDR, 4, 0x02000000);

    s.redirect(5, 0x0840 | 0x40, 0x02000000);
    s.io.inputs[5].set(true);

    expect([s.local.hasInterrupt, other.hasInterrupt]).toEqual([false, true]);
  });

  test('the lowest priority mode chooses the processor that does the least important work', () => {
    const s = system();
    const other = s.make(1);
    s.local.cr8 = 8;

    s.redirect(5, 0x0140, 0xff000000);
    s.io.inputs[5].set(true);

    expect([s.local.hasInterrupt, other.hasInterrupt]).toEqual([false, true]);
  });
});

describe('the I/O APIC', () => {
  test('tells its version and inputs', () => {
    const s = system();
    s.io.mmioWrite(0, 0, 4, 1);

    expect(s.io.mmioRead(0, 0x10, 4)).toBe(0x00170011);
  });

  test('starts with every input masked', () => {
    const s = system();

    for (const input of s.io.inputs) input.set(true);

    expect(s.local.hasInterrupt).toBe(false);
  });

  test('sends one interrupt for each rising edge, none for one that was masked', () => {
    const s = system();
    s.redirect(4, MASKED | 0x41);
    s.io.inputs[4].set(true);
    s.redirect(4, 0x41);
    expect(s.take()).toEqual([]);

    s.io.inputs[4].set(false);
    s.io.inputs[4].set(true);

    expect(s.take()).toEqual([0x41]);
  });

  test('repeats a level interrupt after its end as long as the input is up', () => {
    const s = system();
    s.redirect(10, 0x8000 | 0x51);
    s.io.inputs[10].set(true);
    expect(s.take()).toEqual([0x51]);
    expect(s.entry(10) & 0x4000).toBe(0x4000);

    s.write(R.EOI, 0);
    const again = s.take();
    s.io.inputs[10].set(false);
    s.write(R.EOI, 0);

    expect([again, s.take(), s.entry(10) & 0x4000]).toEqual([[0x51], [], 0]);
  });

  test('delivers NMIs', () => {
    const s = system();
    s.redirect(3, 0x400);

    s.io.inputs[3].set(true);

    expect(s.events).toEqual(['nmi 0']);
  });
});

test('LINT1 is an NMI when its entry says so', () => {
  const s = system();
  s.write(LINT1, 0x400);

  s.local.lint1.set(true);

  expect(s.events).toEqual(['nmi 0']);
});

test('the base register keeps the boot processor bit and can switch the APIC off', () => {
  const s = system();

  s.local.apicBase = 0xfed40000;

  expect([s.local.apicBase, s.local.enabled, s.local.baseAddr]).toEqual([0xfed40100, false, 0xfed40000]);
});
