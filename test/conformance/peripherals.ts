/** Keyboard, mouse, serial, parallel and floppy parts. */
import type { Block } from '../../core/backends/index.ts';
import { ManualClock, ProbeLine, TimerQueue, silentLog, type Device } from '../../core/bus/index.ts';
import { I82077Floppy, I82077_RANGE_DIR, I82077_RANGE_REGISTERS } from '../../core/devices/block/index.ts';
import { ParallelPort, Uart16550Device } from '../../core/devices/char/index.ts';
import type { DmaChannel } from '../../core/devices/dma/dma-channel.ts';
import {
  I8042Controller,
  I8042_RANGE_COMMAND,
  I8042_RANGE_DATA,
  KEYS,
  KeyTypist,
  Ps2KeyboardDevice,
  Ps2MouseDevice,
} from '../../core/devices/input/index.ts';
import { bytes, create, defineState, resetState, type StateOf } from '../../core/state/index.ts';
import type { ConformanceEntry, Random, Subject } from './subject.ts';

function time(): { clock: ManualClock; timers: TimerQueue } {
  const clock = new ManualClock();
  return { clock, timers: new TimerQueue(clock) };
}

type InputPart = 'controller' | 'keyboard' | 'mouse' | 'typist';

/** The four input parts work together; each is the subject once, the others go along. */
function input(part: InputPart): Subject {
  const { clock, timers } = time();
  const keyboard = new Ps2KeyboardDevice('keyboard');
  const mouse = new Ps2MouseDevice('mouse', timers);
  const irq1 = new ProbeLine();
  const irq12 = new ProbeLine();
  let a20 = false;
  const controller = new I8042Controller('i8042', {
    timers,
    keyboard,
    aux: mouse,
    irq1,
    irq12,
    setA20: (enabled) => (a20 = enabled),
    reset: () => {},
    log: silentLog,
  });
  const typist = new KeyTypist('typist', {
    timers,
    keyboard,
    biosKeyBuffer: () => ({ tail: 0x1e, room: 15 }),
    report: () => {},
  });
  const parts: Record<InputPart, Device> = { controller, keyboard, mouse, typist };
  return {
    device: parts[part],
    also: Object.values(parts).filter((other) => other !== parts[part]),
    clock,
    timers,
    windows: [
      { range: I8042_RANGE_DATA, sizeBytes: 1, port: controller },
      { range: I8042_RANGE_COMMAND, sizeBytes: 1, port: controller },
    ],
    poke: (random) => pokeInput(random, keyboard, mouse, typist),
    outputs: () => `irq1=${irq1.level} irq12=${irq12.level} a20=${a20} leds=${keyboard.leds} busy=${typist.busy}`,
  };
}

function pokeInput(random: Random, keyboard: Ps2KeyboardDevice, mouse: Ps2MouseDevice, typist: KeyTypist): void {
  switch (random.below(6)) {
    case 0:
      return mouse.move(random.below(1000) - 500, random.below(1000) - 500, random.below(9) - 4);
    case 1:
      return mouse.buttons(random.below(32));
    case 2:
      return typist.type('Ab\n'.slice(random.below(3)));
    case 3:
      if (random.below(8) === 0) keyboard.releaseAll();
      else typist.chord(['ControlLeft', random.pick(KEYS).code]);
      return;
    default:
      keyboard.key(random.pick(KEYS).code, random.below(2) === 1);
  }
}

function uart(): Subject {
  const { clock, timers } = time();
  const irq = new ProbeLine();
  const device = new Uart16550Device('com1', { timers, irq, sink: { write: () => {} } });
  return {
    device,
    clock,
    timers,
    windows: [{ range: 0, sizeBytes: 8, port: device }],
    poke: (random) => void device.receive(Uint8Array.from({ length: random.below(40) }, () => random.below(256))),
    outputs: () => `irq=${irq.level}`,
  };
}

function parallel(): Subject {
  const { clock, timers } = time();
  const irq = new ProbeLine();
  const device = new ParallelPort('lpt1', { timers, irq, sink: { write: () => {} } });
  return {
    device,
    clock,
    timers,
    windows: [{ range: 0, sizeBytes: 3, port: device }],
    outputs: () => `irq=${irq.level}`,
  };
}

const DISK = defineState({ name: 'disk', version: 1, fields: { data: bytes(160 * 1024) } });

/** A medium whose bytes are saved and loaded beside the controller, as a snapshot does with disks. */
class SavedDisk implements Device<typeof DISK>, Block {
  readonly id = 'disk';
  readonly spec = DISK;
  readonly state: StateOf<typeof DISK> = create(DISK);
  readonly sizeBytes = 160 * 1024;
  readonly readOnly = false;
  reset(): void {
    resetState(DISK, this.state);
  }
  read(offsetBytes: number, target: Uint8Array): void {
    target.set(this.state.data.subarray(offsetBytes, offsetBytes + target.length));
  }
  write(offsetBytes: number, data: Uint8Array): void {
    this.state.data.set(data, offsetBytes);
  }
  flush(): void {}
}

/** Moves everything asked for; the data alone decides whether that was the end. */
function statelessDma(): DmaChannel {
  return {
    index: 2,
    masked: false,
    setRequest: () => {},
    transferFromMemory(target) {
      target.forEach((_, i) => (target[i] = (i * 7) & 0x0f));
      return { count: target.length, terminalCount: target.length > 256 };
    },
    transferToMemory: (data) => ({ count: data.length, terminalCount: (data[5] & 1) === 1 }),
  };
}

function floppy(): Subject {
  const { clock, timers } = time();
  const irq = new ProbeLine();
  const disk = new SavedDisk();
  const device = new I82077Floppy('fdc', {
    timers,
    irq,
    dma: statelessDma(),
    log: silentLog,
    drives: ['360K', '1.44M'],
    media: [disk, undefined],
  });
  return {
    device,
    also: [disk],
    clock,
    timers,
    windows: [
      { range: I82077_RANGE_REGISTERS, sizeBytes: 6, port: device },
      { range: I82077_RANGE_DIR, sizeBytes: 1, port: device },
    ],
    // Chance alone hardly ever writes a whole command: out of reset, motor on, then one with plausible parameters.
    poke(random) {
      if (random.below(4) === 0) device.drive(0).insert(disk);
      const write = (offset: number, value: number): void => device.ioWrite(I82077_RANGE_REGISTERS, offset, 1, value);
      write(2, 0x1c);
      device.ioWrite(I82077_RANGE_DIR, 0, 1, 2);
      const opcode = random.pick([0xe6, 0xc5, 0x4d, 0x4a, 0x42, 0x0f, 0x07, 0x56, 0x51, 0x4c, 0x49, 0x03, 0x13, 0x08]);
      write(5, opcode);
      const parameters =
        opcode === 0x0f ? [0, random.below(4)] : [0, random.below(4), 0, 1 + random.below(8), 2, 8, 0, 0xff];
      for (const parameter of parameters)
        if ((device.ioRead(I82077_RANGE_REGISTERS, 4) & 0xd0) === 0x90) write(5, parameter);
    },
    outputs: () => `irq=${irq.level}`,
  };
}

export const peripheralEntries: readonly ConformanceEntry[] = [
  { name: 'i8042', make: () => input('controller') },
  { name: 'ps2-keyboard', make: () => input('keyboard') },
  { name: 'ps2-mouse', make: () => input('mouse') },
  { name: 'typist', make: () => input('typist') },
  { name: 'uart16550', make: uart },
  { name: 'parallel', make: parallel },
  { name: 'i82077', make: floppy, survivesReset: { drives: 'holds the deleted data marks, which are on the disk' } },
];
