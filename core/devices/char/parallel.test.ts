import { describe, expect, it } from 'vitest';
import { ManualClock, ProbeLine, TimerQueue, advance } from '../../bus/index.ts';
import { ParallelPort } from './parallel.ts';

const [DATA, STATUS, CONTROL] = [0, 1, 2];

function bench() {
  const clock = new ManualClock();
  const timers = new TimerQueue(clock);
  const irq = new ProbeLine();
  const printed: number[] = [];
  const port = new ParallelPort('lpt1', { timers, irq, sink: { write: (byte) => printed.push(byte) } });
  port.reset();
  const strobe = (byte: number, control: number): void => {
    port.ioWrite(0, DATA, 1, byte);
    port.ioWrite(0, CONTROL, 1, control | 1);
    port.ioWrite(0, CONTROL, 1, control);
  };
  return { clock, timers, irq, printed, port, strobe };
}

describe('parallel port', () => {
  it('prints a byte for each strobe, busy until the printer acknowledges', () => {
    const { clock, timers, printed, port, strobe } = bench();

    strobe(0x41, 0x0c);
    expect(port.ioRead(0, STATUS) & 0x80).toBe(0);
    advance(clock, timers, 10_000);

    expect(port.ioRead(0, STATUS)).toBe(0xdf);
    expect([printed, port.ioRead(0, DATA), port.ioRead(0, CONTROL)]).toEqual([[0x41], 0x41, 0xec]);
  });

  it('ignores a strobe while busy and one that stays on', () => {
    const { clock, timers, printed, port, strobe } = bench();

    strobe(1, 0x0c);
    strobe(2, 0x0c);
    advance(clock, timers, 10_000);
    port.ioWrite(0, CONTROL, 1, 0x0d);
    advance(clock, timers, 20_000);
    port.ioWrite(0, CONTROL, 1, 0x0d);

    expect(printed).toEqual([1, 2]);
  });

  it('interrupts with the acknowledgement when that is enabled', () => {
    const { clock, timers, irq, strobe } = bench();

    strobe(1, 0x0c);
    advance(clock, timers, 10_000);
    expect(irq.risingEdges).toBe(0);
    strobe(2, 0x1c);
    advance(clock, timers, 20_000);

    expect([irq.risingEdges, irq.level]).toEqual([1, false]);
  });
});
