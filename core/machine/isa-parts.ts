/** The parts on the ISA side of the board: timers, DMA, keyboard controller, floppy, serial and parallel ports. */
import type { CharSink } from '../backends/index.ts';
import type { IoBus, IrqLine } from '../bus/index.ts';
import {
  FLOPPY_CMOS_TYPE,
  I82077Floppy,
  I82077_RANGE_DIR,
  I82077_RANGE_REGISTERS,
  floppyGeometry,
} from '../devices/block/index.ts';
import { ParallelPort, Uart16550Device } from '../devices/char/index.ts';
import { I8237Dma, I8237_RANGE } from '../devices/dma/i8237.ts';
import {
  I8042Controller,
  I8042_RANGE_COMMAND,
  I8042_RANGE_DATA,
  KeyTypist,
  Ps2KeyboardDevice,
  Ps2MouseDevice,
} from '../devices/input/index.ts';
import type { I8259Pair } from '../devices/intc/i8259-pair.ts';
import { I8259_RANGE } from '../devices/intc/i8259.ts';
import { DebugPort } from '../devices/misc/debug-port.ts';
import type { FpuErrorLogic } from '../devices/misc/fpu-error.ts';
import { Port61 } from '../devices/misc/port61.ts';
import { Port92 } from '../devices/misc/port92.ts';
import { MC146818_RANGE, Mc146818Rtc } from '../devices/rtc/mc146818.ts';
import { I8254Pit } from '../devices/timer/i8254.ts';
import { biosKeyBuffer } from '../firmware/index.ts';
import type { BoardParts } from './board-parts.ts';
import type { SharedWire } from './wires.ts';

const COM = [
  { port: 0x3f8, irq: 4 },
  { port: 0x2f8, irq: 3 },
  { port: 0x3e8, irq: 4 },
  { port: 0x2e8, irq: 3 },
] as const;

export interface IsaWires {
  /** IRQ0 to IRQ15 as ISA parts drive them; the 8254 and the RTC have theirs of their own. */
  readonly wires: readonly SharedWire[];
  readonly pitLine: IrqLine;
  readonly rtcLine: IrqLine;
}

export interface IsaParts {
  readonly keyboard: Ps2KeyboardDevice;
  readonly mouse: Ps2MouseDevice;
  readonly typist: KeyTypist;
  readonly serial: readonly Uart16550Device[];
  readonly floppy: I82077Floppy;
  readonly rtc: Mc146818Rtc;
  readonly a20Gates: readonly { gateA20(on: boolean): void }[];
}

/** Interrupt controllers and the FPU's error logic, which exist before the processor. */
export function addControllers(parts: BoardParts, pic: I8259Pair, fpuError: FpuErrorLogic): void {
  const { io } = parts;
  parts.add(pic.master);
  parts.add(pic.slave);
  parts.add(fpuError);
  io.map({ base: 0x20, size: 2, device: pic.master, range: I8259_RANGE.REGISTERS });
  io.map({ base: 0xa0, size: 2, device: pic.slave, range: I8259_RANGE.REGISTERS });
  io.map({ base: 0x4d0, size: 1, device: pic.master, range: I8259_RANGE.ELCR });
  io.map({ base: 0x4d1, size: 1, device: pic.slave, range: I8259_RANGE.ELCR });
  io.map({ base: 0xf0, size: 2, device: fpuError });
}

export function addIsaParts(parts: BoardParts, { wires, pitLine, rtcLine }: IsaWires): IsaParts {
  const { io, timers, memory, backends, log, signals } = parts;
  const pit = parts.add(new I8254Pit('pit', timers, pitLine));
  const port61 = parts.add(new Port61('port61', pit, timers.clock));
  const rtc = parts.add(new Mc146818Rtc('rtc', timers, backends.wallClock, rtcLine));
  const dma = parts.add(new I8237Dma('dma', memory.physical, log));
  const port92 = parts.add(
    new Port92('port92', {
      setA20: (on) => signals.setA20('a20Port92', on),
      reset: () => signals.reset('port 92h'),
    }),
  );
  const keyboard = parts.add(new Ps2KeyboardDevice('keyboard'));
  const mouse = parts.add(new Ps2MouseDevice('mouse', timers));
  const i8042 = parts.add(
    new I8042Controller('i8042', {
      timers,
      keyboard,
      aux: mouse,
      irq1: wires[1].driver(),
      irq12: wires[12].driver(),
      setA20: (on) => signals.setA20('a20Keyboard', on),
      reset: () => signals.reset('keyboard controller'),
      log,
    }),
  );
  const typist = parts.add(
    new KeyTypist('typist', {
      timers,
      keyboard,
      biosKeyBuffer: () => biosKeyBuffer(memory.physical),
      report: backends.log,
    }),
  );
  const floppy = addFloppy(parts, wires[6].driver(), dma, rtc);
  const serial = backends.serial.slice(0, COM.length).map((sink, i) => {
    const uart = parts.add(new Uart16550Device(`com${i + 1}`, { timers, irq: wires[COM[i].irq].driver(), sink }));
    io.map({ base: COM[i].port, size: 8, device: uart });
    return uart;
  });
  const discard: CharSink = { write: () => {} };
  const parallel = parts.add(new ParallelPort('lpt1', { timers, irq: wires[7].driver(), sink: discard }));
  const debug = parts.add(new DebugPort('debug', backends.debug ?? discard));

  io.map({ base: 0x40, size: 4, device: pit });
  io.map({ base: 0x61, size: 1, device: port61 });
  io.map({ base: 0x70, size: 2, device: rtc, range: MC146818_RANGE.STANDARD });
  io.map({ base: 0x72, size: 2, device: rtc, range: MC146818_RANGE.EXTENDED });
  mapDma(io, dma);
  io.map({ base: 0x92, size: 1, device: port92 });
  io.map({ base: 0x60, size: 1, device: i8042, range: I8042_RANGE_DATA });
  io.map({ base: 0x64, size: 1, device: i8042, range: I8042_RANGE_COMMAND });
  io.map({ base: 0x378, size: 3, device: parallel });
  io.map({ base: 0xe9, size: 1, device: debug });
  io.map({ base: 0x402, size: 1, device: debug });
  return { keyboard, mouse, typist, serial, floppy, rtc, a20Gates: [i8042, port92] };
}

function mapDma(io: IoBus, dma: I8237Dma): void {
  io.map({ base: 0x00, size: 16, device: dma, range: I8237_RANGE.CONTROLLER_0 });
  io.map({ base: 0xc0, size: 32, device: dma, range: I8237_RANGE.CONTROLLER_1 });
  io.map({ base: 0x80, size: 16, device: dma, range: I8237_RANGE.PAGES });
}

/** Drive types follow the images; the RTC's CMOS says them to the firmware. */
function addFloppy(parts: BoardParts, irq: IrqLine, dma: I8237Dma, rtc: Mc146818Rtc): I82077Floppy {
  const { io, timers, backends, log } = parts;
  const types = [0, 1].map((i) => {
    const medium = backends.floppies[i];
    if (i >= Math.max(1, backends.floppies.length)) return undefined;
    return medium ? (floppyGeometry(medium.sizeBytes)?.drive ?? '1.44M') : '1.44M';
  });
  const floppy = parts.add(
    new I82077Floppy('floppy', { timers, irq, dma: dma.channel(2), log, drives: types, media: backends.floppies }),
  );
  types.forEach((type, i) => {
    const bits = type ? FLOPPY_CMOS_TYPE[type] : 0;
    rtc.setCmos(0x10, i === 0 ? bits << 4 : rtc.getCmos(0x10) | bits);
  });
  io.map({ base: 0x3f0, size: 6, device: floppy, range: I82077_RANGE_REGISTERS });
  io.map({ base: 0x3f7, size: 1, device: floppy, range: I82077_RANGE_DIR });
  return floppy;
}
