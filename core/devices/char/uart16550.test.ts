import { describe, expect, it } from 'vitest';
import { ManualClock, ProbeLine, TimerQueue, advance } from '../../bus/index.ts';
import type { SerialInput } from '../../backends/index.ts';
import { Uart16550Device } from './uart16550.ts';

const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];

class Bench {
  readonly clock = new ManualClock();
  readonly timers = new TimerQueue(this.clock);
  readonly irq = new ProbeLine();
  readonly sent: number[] = [];
  readonly uart = new Uart16550Device('com1', {
    timers: this.timers,
    irq: this.irq,
    sink: { write: (byte) => this.sent.push(byte) },
  });

  /** A UART at 115200 8N1 with OUT2, DTR and RTS on. */
  constructor(fcr = 0) {
    this.uart.reset('power');
    this.write(LCR, 0x83);
    this.write(DATA, 1);
    this.write(IER, 0);
    this.write(LCR, 0x03);
    this.write(MCR, 0x0b);
    this.write(IIR, fcr);
  }
  read(register: number): number {
    return this.uart.ioRead(0, register);
  }
  write(register: number, value: number): void {
    this.uart.ioWrite(0, register, 1, value);
  }
  pass(us: number): void {
    advance(this.clock, this.timers, this.clock.nowNs + us * 1000);
  }
  receive(...bytes: number[]): void {
    this.uart.receive(Uint8Array.from(bytes));
    this.pass(100);
  }
}

const FIFO = 0x01;
const TRIGGER_8 = 0x80;

describe('16550 registers', () => {
  it('keep the divisor behind DLAB and the scratch byte', () => {
    const bench = new Bench();
    bench.write(LCR, 0x83);
    bench.write(DATA, 0x34);
    bench.write(IER, 0x12);

    expect([bench.read(DATA), bench.read(IER)]).toEqual([0x34, 0x12]);
    bench.write(LCR, 0x03);
    bench.write(SCR, 0xa5);
    expect([bench.read(IER), bench.read(SCR), bench.read(LCR)]).toEqual([0, 0xa5, 3]);
  });

  it('show a 16550A by the FIFO bits of the IIR', () => {
    expect(new Bench().read(IIR)).toBe(0x01);
    expect(new Bench(FIFO).read(IIR)).toBe(0xc1);
  });

  it('show the other end as present', () => {
    expect(new Bench().read(MSR)).toBe(0xb0);
  });
});

describe('16550 transmitter', () => {
  it('sends at once, and as many bits as the word has', () => {
    const bench = new Bench();

    bench.write(DATA, 0xff);
    bench.write(LCR, 0x00);
    bench.write(DATA, 0xff);

    expect(bench.sent).toEqual([0xff, 0x1f]);
    expect(bench.read(LSR)).toBe(0x60);
  });

  it('interrupts when its interrupt is enabled while it is empty, once for each reading of the IIR', () => {
    const bench = new Bench();

    bench.write(IER, 0x02);
    expect(bench.irq.level).toBe(true);
    expect([bench.read(IIR), bench.irq.level, bench.read(IIR)]).toEqual([0x02, false, 0x01]);
    bench.write(IER, 0x00);
    bench.write(IER, 0x02);

    expect([bench.irq.level, bench.irq.risingEdges]).toEqual([true, 2]);
  });

  it('interrupts with a new edge after every byte', () => {
    const bench = new Bench();
    bench.write(IER, 0x02);
    const before = bench.irq.risingEdges;

    bench.write(DATA, 1);
    bench.write(DATA, 2);

    expect(bench.irq.risingEdges - before).toBe(2);
  });

  it('does not lose its interrupt when the IIR reports a more urgent one', () => {
    const bench = new Bench();
    bench.write(IER, 0x03);
    bench.receive(0x41);

    expect(bench.read(IIR)).toBe(0x04);
    bench.read(DATA);
    expect(bench.read(IIR)).toBe(0x02);
  });
});

describe('16550 receiver', () => {
  it('serves as the serial input of a machine and delivers a byte with an interrupt', () => {
    const bench = new Bench();
    const input: SerialInput = bench.uart;
    bench.write(IER, 0x01);

    input.receive(Uint8Array.of(0x41));
    expect(bench.read(LSR) & 1).toBe(0);
    bench.pass(100);

    expect([bench.irq.level, bench.read(IIR), bench.read(LSR) & 1]).toEqual([true, 0x04, 1]);
    expect([bench.read(DATA), bench.irq.level, bench.read(LSR) & 1]).toEqual([0x41, false, 0]);
  });

  it.each([
    ['without FIFOs', 0],
    ['with FIFOs', FIFO],
  ])('loses nothing of a long text %s', (_name, fcr) => {
    const bench = new Bench(fcr);
    const text = Uint8Array.from({ length: 1000 }, (_, i) => i);
    const got: number[] = [];

    bench.uart.receive(text);
    for (let i = 0; i < 2000 && got.length < text.length; i++) {
      bench.pass(50);
      while (bench.read(LSR) & 1) got.push(bench.read(DATA));
    }

    expect(Uint8Array.from(got)).toEqual(text);
  });

  it('interrupts at the trigger level, and by time-out below it', () => {
    const bench = new Bench(FIFO | TRIGGER_8);
    bench.write(IER, 0x01);

    bench.receive(1, 2, 3);
    expect(bench.irq.level).toBe(false);
    bench.pass(400);
    expect([bench.irq.level, bench.read(IIR)]).toEqual([true, 0xcc]);
    bench.read(DATA);
    expect(bench.irq.level).toBe(false);
    while (bench.read(LSR) & 1) bench.read(DATA);
    bench.receive(1, 2, 3, 4, 5, 6, 7, 8);

    expect([bench.irq.level, bench.read(IIR)]).toEqual([true, 0xc4]);
  });

  it('says how much of the host data it took', () => {
    const bench = new Bench();

    expect(bench.uart.receive(new Uint8Array(70_000))).toBe(65_536);
  });

  it('forgets its FIFO when the guest clears it', () => {
    const bench = new Bench(FIFO);
    bench.receive(1, 2, 3);

    bench.write(IIR, FIFO | 0x02);

    expect(bench.read(LSR)).toBe(0x60);
  });
});

describe('16550 loopback', () => {
  it('gives the guest its own bytes and keeps them from the line', () => {
    const bench = new Bench(FIFO);
    bench.write(MCR, 0x1b);

    bench.write(DATA, 0x5a);

    expect([bench.read(LSR) & 1, bench.read(DATA), bench.sent]).toEqual([1, 0x5a, []]);
  });

  it('reports an overrun once, as the most urgent interrupt', () => {
    const bench = new Bench(FIFO);
    bench.write(IER, 0x05);
    bench.write(MCR, 0x1b);

    for (let byte = 0; byte < 17; byte++) bench.write(DATA, byte);

    expect(bench.read(IIR)).toBe(0xc6);
    expect(bench.read(LSR) & 0x03).toBe(0x03);
    expect(bench.read(LSR) & 0x03).toBe(0x01);
    expect(Array.from({ length: 16 }, () => bench.read(DATA))).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  it('turns the modem outputs round into the modem inputs and notes what changed', () => {
    const bench = new Bench();
    bench.write(MCR, 0x10);
    bench.read(MSR);

    const wired = [0x01, 0x02, 0x04, 0x08].map((out) => {
      bench.write(MCR, 0x10 | out);
      return bench.read(MSR) & 0xf0;
    });
    bench.write(MCR, 0x14);
    bench.read(MSR);
    bench.write(MCR, 0x10);

    expect(wired).toEqual([0x20, 0x10, 0x40, 0x80]);
    expect(bench.read(MSR)).toBe(0x04);
    expect(bench.read(MSR)).toBe(0x00);
  });
});

describe('16550 interrupt line', () => {
  it('reaches the bus through OUT2 alone', () => {
    const bench = new Bench();
    bench.write(IER, 0x02);

    bench.write(MCR, 0x03);
    expect(bench.irq.level).toBe(false);
    bench.write(MCR, 0x0b);

    expect(bench.irq.level).toBe(true);
  });
});
