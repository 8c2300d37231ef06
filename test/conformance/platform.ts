/** Interrupt, timer, clock and DMA parts. */
import { ManualClock, ProbeLine, TimerQueue, type DmaMemory } from '../../core/bus/index.ts';
import { I8237Dma, I8237_RANGE } from '../../core/devices/dma/i8237.ts';
import { I8259Pic, I8259_RANGE } from '../../core/devices/intc/i8259.ts';
import { DebugPort } from '../../core/devices/misc/debug-port.ts';
import { Port61 } from '../../core/devices/misc/port61.ts';
import { Port92 } from '../../core/devices/misc/port92.ts';
import { MC146818_RANGE, Mc146818Rtc } from '../../core/devices/rtc/mc146818.ts';
import { I8254Pit } from '../../core/devices/timer/i8254.ts';
import type { ConformanceEntry, Subject } from './subject.ts';

function time(): { clock: ManualClock; timers: TimerQueue } {
  const clock = new ManualClock();
  return { clock, timers: new TimerQueue(clock) };
}

function pic(elcrMask: number, cascadeInputs: number): Subject {
  const intr = new ProbeLine();
  const device = new I8259Pic('pic', { elcrMask, cascadeInputs }, intr);
  return {
    device,
    ...time(),
    windows: [
      { range: I8259_RANGE.REGISTERS, sizeBytes: 2, port: device },
      { range: I8259_RANGE.ELCR, sizeBytes: 1, port: device },
    ],
    poke(random) {
      if (random.below(4) === 0) device.acknowledgeInput();
      else random.pick(device.lines).set(random.below(2) === 1);
    },
    outputs: () => `intr=${intr.level}`,
  };
}

function pit(): Subject {
  const irq0 = new ProbeLine();
  const { clock, timers } = time();
  const device = new I8254Pit('pit', timers, irq0);
  return {
    device,
    clock,
    timers,
    windows: [{ range: 0, sizeBytes: 4, port: device }],
    poke: (random) => device.setGate2(random.below(2) === 1),
    outputs: () => `irq0=${irq0.level} out2=${device.out2} frequency2=${device.frequency2Hz}`,
  };
}

function port61(): Subject {
  const { clock, timers } = time();
  const timer = new I8254Pit('pit', timers, new ProbeLine());
  const device = new Port61('port61', timer, clock);
  return {
    device,
    also: [timer],
    clock,
    timers,
    windows: [
      { range: 0, sizeBytes: 1, port: device },
      { range: 0, sizeBytes: 4, port: timer },
    ],
    outputs: () => JSON.stringify(device.speaker),
  };
}

function rtc(): Subject {
  const irq8 = new ProbeLine();
  const { clock, timers } = time();
  const device = new Mc146818Rtc('rtc', timers, { nowMs: Date.UTC(1999, 11, 31, 23, 59, 30, 250) }, irq8);
  return {
    device,
    clock,
    timers,
    windows: [
      { range: MC146818_RANGE.STANDARD, sizeBytes: 2, port: device },
      { range: MC146818_RANGE.EXTENDED, sizeBytes: 2, port: device },
    ],
    outputs: () => `irq8=${irq8.level} nmiMasked=${device.nmiMasked}`,
  };
}

function dma(): Subject {
  const ram = new Uint8Array(0x1000);
  const memory: DmaMemory = {
    dmaRead: (at, target) => target.forEach((_, i) => (target[i] = ram[(at + i) % ram.length])),
    dmaWrite: (at, data) => data.forEach((byte, i) => (ram[(at + i) % ram.length] = byte)),
  };
  const device = new I8237Dma('dma', memory);
  return {
    device,
    ...time(),
    windows: [
      { range: I8237_RANGE.CONTROLLER_0, sizeBytes: 16, port: device },
      { range: I8237_RANGE.CONTROLLER_1, sizeBytes: 32, port: device },
      { range: I8237_RANGE.PAGES, sizeBytes: 16, port: device },
    ],
    poke(random) {
      const channel = device.channel(random.pick([0, 1, 2, 3, 5, 6, 7]));
      const buffer = new Uint8Array(random.below(600));
      channel.setRequest(random.below(2) === 1);
      if (random.below(2) === 1) channel.transferFromMemory(buffer);
      else channel.transferToMemory(buffer);
    },
    outputs: () => `post=${device.postCode}`,
  };
}

function port92(): Subject {
  let a20 = false;
  const device = new Port92('port92', { setA20: (enabled) => (a20 = enabled), reset: () => {} });
  return { device, ...time(), windows: [{ range: 0, sizeBytes: 1, port: device }], outputs: () => `a20=${a20}` };
}

function debugPort(): Subject {
  const device = new DebugPort('debug', { write: () => {} });
  return { device, ...time(), windows: [{ range: 0, sizeBytes: 1, port: device }] };
}

export const platformEntries: readonly ConformanceEntry[] = [
  { name: 'i8259 master', make: () => pic(0xf8, 0x04) },
  { name: 'i8259 slave', make: () => pic(0xde, 0) },
  { name: 'i8254', make: pit },
  { name: 'port61', make: port61 },
  {
    name: 'mc146818',
    make: rtc,
    survivesReset: {
      cmos: 'battery-backed; registers A to D and the time are checked in the unit tests',
      extended: 'battery-backed',
      nextUpdateNs: 'set from the wall clock',
      dividerNs: 'starts at power-on',
    },
  },
  { name: 'i8237', make: dma },
  { name: 'port92', make: port92 },
  { name: 'debug-port', make: debugPort },
];
