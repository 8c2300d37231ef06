import type { CharSink } from '../backends/index.ts';
import { err, failure, FailureError, type Result } from '../base/index.ts';
import { IoBus, TimerQueue, type Device, type DeviceLog } from '../bus/index.ts';
import { CPU, Cpu, RAM_BASE, codeMapBytes, cpuStateView } from '../cpu/index.ts';
import { FLOPPY_CMOS_TYPE, I82077Floppy, I82077_RANGE_DIR, I82077_RANGE_REGISTERS, floppyGeometry } from '../devices/block/index.ts';
import { ParallelPort, Uart16550Device } from '../devices/char/index.ts';
import { VGA_WINDOW, VGA_WINDOW_BASE, VGA_WINDOW_SIZE, Vga } from '../devices/display/index.ts';
import { I8237Dma, I8237_RANGE } from '../devices/dma/i8237.ts';
import { I8042Controller, I8042_RANGE_COMMAND, I8042_RANGE_DATA, KeyTypist, Ps2KeyboardDevice, Ps2MouseDevice } from '../devices/input/index.ts';
import { I8259Pair } from '../devices/intc/i8259-pair.ts';
import { I8259_RANGE } from '../devices/intc/i8259.ts';
import { DebugPort } from '../devices/misc/debug-port.ts';
import { FpuErrorLogic } from '../devices/misc/fpu-error.ts';
import { Port61 } from '../devices/misc/port61.ts';
import { Port92 } from '../devices/misc/port92.ts';
import { MC146818_RANGE, Mc146818Rtc } from '../devices/rtc/mc146818.ts';
import { I8254Pit } from '../devices/timer/i8254.ts';
import { Bios, CALLOUT_PHYS_ADDR, checkLinuxKernel, buildRom, buildVideoRom } from '../firmware/index.ts';
import { PhysicalMemory } from '../memory/index.ts';
import { create, defineState, describeState, bool } from '../state/index.ts';
import { FirmwareCpu, FirmwareMemory } from './bios-host.ts';
import { HostMachineClock, MACHINE_CLOCK, NS_PER_INSTRUCTION, VirtualMachineClock, type MachineClock } from './clock.ts';
import { loadMachine, saveMachine, type SavedPart } from './image.ts';
import type { Machine, PcBackends, PcConfig, RunStatus } from './machine.ts';

const MIB = 1 << 20;
const WASM_PAGE = 65536;
const VRAM_BYTES = 16 * MIB;
const ROM_BASE = 0xf0000;
const ROM_HIGH_BASE = 0xffff0000;
const VIDEO_ROM_BASE = 0xc0000;
const COM = [
  { port: 0x3f8, irq: 4 },
  { port: 0x2f8, irq: 3 },
  { port: 0x3e8, irq: 4 },
  { port: 0x2e8, irq: 3 },
] as const;
/** Instructions between looks at the host clock when nothing else is due: about a millisecond. */
const MIN_SLICE = 20_000;
const MAX_SLICE = 4_000_000;

const BOARD = defineState({
  name: 'board',
  version: 1,
  fields: {
    a20Keyboard: bool({ doc: 'A20 from the keyboard controller', reset: true }),
    a20Port92: bool({ doc: 'A20 from port 92h' }),
    poweredOff: bool(),
  },
});

/** A PC with ISA parts around one processor. Wiring only: what a part does is in the part. */
class Pc implements Machine {
  readonly #cpu: Cpu;
  readonly #memory: PhysicalMemory;
  readonly #ram: Uint8Array;
  readonly #clock: MachineClock;
  readonly #timers: TimerQueue;
  readonly #devices: Device[] = [];
  readonly #parts: SavedPart[];
  readonly #board = create(BOARD);
  readonly #bios: Bios | undefined;
  readonly #config: PcConfig;
  readonly #backends: PcBackends;
  readonly #log: DeviceLog;
  readonly #vga: Vga;
  readonly #pic: I8259Pair;
  /** The level of the interrupt line into the processor; the interrupt controller drives it again after a load. */
  #intr = false;
  readonly keyboard: Ps2KeyboardDevice;
  readonly mouse: Ps2MouseDevice;
  readonly typist: KeyTypist;
  readonly serial: readonly Uart16550Device[];
  readonly floppies: Machine['floppies'];
  #callout = 0;
  #resetWanted = false;
  /** Instructions per nanosecond of host time, measured; sizes the slices. */
  #speed = 0.05;

  constructor(config: PcConfig, backends: PcBackends) {
    this.#config = config;
    this.#backends = backends;
    const counts = new Map<string, number>();
    this.#log = {
      unimplemented: (device, what) => {
        const key = `${device}: ${what}`;
        const seen = counts.get(key) ?? 0;
        counts.set(key, seen + 1);
        if (seen === 0) backends.log(`unimplemented: ${key}`);
      },
    };

    // Memory: one shared WebAssembly.Memory for processor state, RAM and VRAM.
    const ramBytes = config.memoryMiB * MIB;
    const codeMap = RAM_BASE + ramBytes + VRAM_BYTES;
    const pages = Math.ceil((codeMap + codeMapBytes(ramBytes)) / WASM_PAGE);
    const linearMemory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const memory = (this.#memory = new PhysicalMemory(linearMemory.buffer));
    this.#ram = memory.bytes.subarray(RAM_BASE, RAM_BASE + ramBytes);
    memory.mapRam(0, ramBytes, RAM_BASE);
    const vram = memory.bytes.subarray(RAM_BASE + ramBytes, RAM_BASE + ramBytes + VRAM_BYTES);

    const io = new IoBus();
    this.#pic = new I8259Pair(
      {
        set: (level) => {
          this.#intr = level;
          this.#cpu.setInterrupt(level);
        },
      },
      this.#log,
    );
    const { lines } = this.#pic;
    const fpuError = new FpuErrorLogic('fpu-error', lines[13]);
    this.#cpu = new Cpu({
      memory,
      linearMemory,
      limits: { minPages: pages, maxPages: pages },
      codeMap,
      io,
      acknowledge: () => this.#pic.acknowledge(),
      setFerr: (level) => fpuError.setFerr(level),
      ignne: () => fpuError.ignne,
      timeStamp: () => BigInt(Math.floor(this.#clock.nowNs)),
      log: backends.log,
      jit: ({ auto: 'auto', interpreter: 'off', jit: 'force' } as const)[config.engine],
    });
    this.#clock =
      config.clock === 'virtual'
        ? new VirtualMachineClock(() => this.instructions)
        : new HostMachineClock(backends.hostClock);
    const timers = (this.#timers = new TimerQueue(this.#clock));
    timers.onChange = () => this.#cpu.kick();

    // Parts, in the order in which they are saved.
    this.#vga = this.#add(new Vga('vga', vram, this.#clock, this.#log));
    this.#add(this.#pic.master);
    this.#add(this.#pic.slave);
    this.#add(fpuError);
    const pit = this.#add(new I8254Pit('pit', timers, lines[0]));
    const port61 = this.#add(new Port61('port61', pit, this.#clock));
    const rtc = this.#add(new Mc146818Rtc('rtc', timers, backends.wallClock, lines[8]));
    const dma = this.#add(new I8237Dma('dma', memory, this.#log));
    const port92 = this.#add(
      new Port92('port92', { setA20: (on) => this.#setA20('a20Port92', on), reset: () => this.#wantReset() }),
    );
    this.keyboard = this.#add(new Ps2KeyboardDevice('keyboard'));
    this.mouse = this.#add(new Ps2MouseDevice('mouse', timers));
    const i8042 = this.#add(
      new I8042Controller('i8042', {
        timers,
        keyboard: this.keyboard,
        aux: this.mouse,
        irq1: lines[1],
        irq12: lines[12],
        setA20: (on) => this.#setA20('a20Keyboard', on),
        reset: () => this.#wantReset(),
        log: this.#log,
      }),
    );
    this.typist = this.#add(new KeyTypist('typist', { timers, keyboard: this.keyboard, report: backends.log }));
    const driveTypes = [0, 1].map((i) => {
      const medium = backends.floppies[i];
      if (i >= Math.max(1, backends.floppies.length)) return undefined;
      return medium ? (floppyGeometry(medium.sizeBytes)?.drive ?? '1.44M') : '1.44M';
    });
    const floppy = this.#add(
      new I82077Floppy('floppy', {
        timers,
        irq: lines[6],
        dma: dma.channel(2),
        log: this.#log,
        drives: driveTypes,
        media: backends.floppies,
      }),
    );
    this.floppies = [floppy.drive(0), floppy.drive(1)].filter((drive) => drive.connected);
    driveTypes.forEach((type, i) => {
      const bits = type ? FLOPPY_CMOS_TYPE[type] : 0;
      rtc.setCmos(0x10, i === 0 ? bits << 4 : rtc.getCmos(0x10) | bits);
    });
    this.serial = backends.serial.slice(0, COM.length).map((sink, i) => {
      const uart = this.#add(new Uart16550Device(`com${i + 1}`, { timers, irq: lines[COM[i].irq], sink }));
      io.map({ base: COM[i].port, size: 8, device: uart });
      return uart;
    });
    const discard: CharSink = { write: () => {} };
    const parallel = this.#add(new ParallelPort('lpt1', { timers, irq: lines[7], sink: discard }));
    const debug = this.#add(new DebugPort('debug', backends.debug ?? discard));

    io.map({ base: 0x20, size: 2, device: this.#pic.master, range: I8259_RANGE.REGISTERS });
    io.map({ base: 0xa0, size: 2, device: this.#pic.slave, range: I8259_RANGE.REGISTERS });
    io.map({ base: 0x4d0, size: 1, device: this.#pic.master, range: I8259_RANGE.ELCR });
    io.map({ base: 0x4d1, size: 1, device: this.#pic.slave, range: I8259_RANGE.ELCR });
    io.map({ base: 0x40, size: 4, device: pit });
    io.map({ base: 0x61, size: 1, device: port61 });
    io.map({ base: 0x70, size: 2, device: rtc, range: MC146818_RANGE.STANDARD });
    io.map({ base: 0x72, size: 2, device: rtc, range: MC146818_RANGE.EXTENDED });
    io.map({ base: 0x00, size: 16, device: dma, range: I8237_RANGE.CONTROLLER_0 });
    io.map({ base: 0xc0, size: 32, device: dma, range: I8237_RANGE.CONTROLLER_1 });
    io.map({ base: 0x80, size: 16, device: dma, range: I8237_RANGE.PAGES });
    io.map({ base: 0xf0, size: 2, device: fpuError });
    io.map({ base: 0x92, size: 1, device: port92 });
    io.map({ base: 0x60, size: 1, device: i8042, range: I8042_RANGE_DATA });
    io.map({ base: 0x64, size: 1, device: i8042, range: I8042_RANGE_COMMAND });
    io.map({ base: 0x3f0, size: 6, device: floppy, range: I82077_RANGE_REGISTERS });
    io.map({ base: 0x3f7, size: 1, device: floppy, range: I82077_RANGE_DIR });
    io.map({ base: 0x378, size: 3, device: parallel });
    io.map({ base: 0xe9, size: 1, device: debug });
    io.map({ base: 0x402, size: 1, device: debug });
    this.#vga.mapPorts(io);
    memory.mapMmio({ base: VGA_WINDOW_BASE, size: VGA_WINDOW_SIZE, device: this.#vga, range: VGA_WINDOW });

    this.#bios = this.#installFirmware(io, floppy, [i8042, port92]);
    this.#parts = [
      { id: 'clock', spec: MACHINE_CLOCK, state: this.#clock.state, preSave: () => this.#clock.preSave(), postLoad: () => this.#clock.postLoad() },
      { id: 'cpu', spec: CPU, state: cpuStateView(linearMemory.buffer), preSave: () => this.#cpu.preSave(), postLoad: () => this.#cpu.afterLoad() },
      { id: 'board', spec: BOARD, state: this.#board, postLoad: () => this.#applyA20() },
      ...this.#devices,
    ] as SavedPart[];
    this.#resetAll('power');
  }

  #add<D extends Device>(device: D): D {
    this.#devices.push(device);
    return device;
  }

  /** Our BIOS, or a ROM file in its place (its last 128 KiB show below 1 MiB, all of it below 4 GiB). */
  #installFirmware(io: IoBus, floppy: I82077Floppy, a20Gates: readonly { gateA20(on: boolean): void }[]): Bios | undefined {
    const memory = this.#memory;
    const ram = RAM_BASE;
    memory.unmap(VIDEO_ROM_BASE, 0x100000 - VIDEO_ROM_BASE);
    const rom = this.#config.firmwareRom;
    if (rom) {
      const low = Math.min(rom.length, 0x20000);
      if (rom.length % 0x10000 !== 0 || rom.length === 0 || rom.length > 0x40000)
        throw new FailureError(failure('firmware.size', `firmware of ${rom.length} bytes; expected 64, 128 or 256 KiB`));
      memory.bytes.set(rom.subarray(rom.length - low), ram + 0x100000 - low);
      memory.mapRom(0x100000 - low, low, ram + 0x100000 - low);
      memory.mapRom(0x1_0000_0000 - low, low, ram + 0x100000 - low);
      return undefined;
    }
    memory.bytes.set(buildRom(), ram + ROM_BASE);
    const videoRom = buildVideoRom();
    memory.bytes.set(videoRom, ram + VIDEO_ROM_BASE);
    memory.mapRom(ROM_BASE, 0x10000, ram + ROM_BASE);
    memory.mapRom(ROM_HIGH_BASE, 0x10000, ram + ROM_BASE);
    memory.mapRom(VIDEO_ROM_BASE, (videoRom.length + 4095) & ~4095, ram + VIDEO_ROM_BASE);
    memory.romWritten = (physAddr, width, value) => {
      if (physAddr !== CALLOUT_PHYS_ADDR || width !== 2) return;
      this.#callout = value;
      this.#cpu.kick();
    };
    const backends = this.#backends;
    return new Bios({
      cpu: new FirmwareCpu(this.#cpu),
      memory: new FirmwareMemory(memory, this.#ram.length),
      io,
      floppies: this.floppies.map((_, i) => floppy.drive(i as 0 | 1)),
      disks: backends.disks.map((medium) => ({ medium, takeChanged: () => false })),
      cdroms: backends.cdrom ? [{ medium: backends.cdrom, takeChanged: () => false }] : [],
      kernel: this.#config.kernel,
      bootOrder: this.#config.bootOrder,
      nowNs: () => this.#clock.nowNs,
      hasFpu: () => true,
      setA20: (on) => {
        for (const gate of a20Gates) gate.gateA20(on);
      },
      getA20: () => this.#board.a20Keyboard || this.#board.a20Port92,
      powerOff: () => {
        this.#board.poweredOff = true;
      },
      reset: () => this.#wantReset(),
      log: backends.log,
    });
  }

  // --- reset, A20 ------------------------------------------------------------------------------------------------------------

  #setA20(source: 'a20Keyboard' | 'a20Port92', on: boolean): void {
    this.#board[source] = on;
    this.#applyA20();
  }

  #applyA20(): void {
    this.#cpu.setA20(this.#board.a20Keyboard || this.#board.a20Port92);
  }

  /** Takes effect before the next instruction: the request often comes from inside one. */
  #wantReset(): void {
    this.#resetWanted = true;
    this.#cpu.kick();
  }

  #resetAll(kind: 'power' | 'hard'): void {
    this.#resetWanted = false;
    this.#callout = 0;
    this.#board.poweredOff = false;
    for (const device of this.#devices) device.reset(kind);
    this.#cpu.reset();
    this.#applyA20();
  }

  reset(): void {
    this.#resetAll('hard');
  }

  // --- running -----------------------------------------------------------------------------------------------------------------

  get nowNs(): number {
    return this.#clock.nowNs;
  }

  get instructions(): number {
    return this.#clock.state.instructions + this.#cpu.retired;
  }

  get display(): Vga {
    return this.#vga;
  }

  run(untilNs: number, sliceMs = 5): RunStatus {
    return this.#config.clock === 'virtual' ? this.#runVirtual(untilNs) : this.#runHost(untilNs, sliceMs);
  }

  #runVirtual(untilNs: number): RunStatus {
    for (;;) {
      this.#timers.runDue();
      const now = this.#clock.nowNs;
      if (now >= untilNs) return { kind: 'running' };
      const deadline = Math.min(untilNs, this.#timers.nextDeadlineNs);
      const count = Math.ceil((deadline - now) / NS_PER_INSTRUCTION);
      const stopped = this.#step(Math.min(Math.max(count, 1), 1 << 29));
      if (stopped) return stopped;
      if (this.#waiting) this.#clock.skipTo(Math.min(untilNs, this.#timers.nextDeadlineNs));
    }
  }

  #runHost(untilNs: number, sliceMs: number): RunStatus {
    const host = this.#backends.hostClock;
    const end = host.nowNs + sliceMs * 1e6;
    for (;;) {
      this.#clock.setCap(this.#timers.nextDeadlineNs);
      this.#timers.runDue();
      this.#clock.setCap(this.#timers.nextDeadlineNs);
      const before = host.nowNs;
      const now = this.#clock.nowNs;
      if (now >= untilNs || before >= end) return { kind: 'running' };
      if (this.#waiting) {
        if (this.#timers.nextDeadlineNs <= now) continue;
        return { kind: 'idle', wakeNs: this.#timers.nextDeadlineNs };
      }
      const spanNs = Math.min(untilNs - now, end - before, Math.max(this.#timers.nextDeadlineNs - now, 0));
      const count = Math.min(Math.max(Math.ceil(spanNs * this.#speed), MIN_SLICE), MAX_SLICE);
      const retiredBefore = this.#cpu.retired;
      const stopped = this.#step(count);
      if (stopped) return stopped;
      const retired = this.#cpu.retired - retiredBefore;
      const tookNs = host.nowNs - before;
      if (retired > MIN_SLICE / 2 && tookNs > 0) this.#speed += (retired / tookNs - this.#speed) / 8;
    }
  }

  /** The processor waits for an interrupt and none is pending that it would take. */
  get #waiting(): boolean {
    const { state } = this.#cpu;
    return this.#cpu.halted && !(this.#intr && state.interruptsEnabled);
  }

  /** Runs some instructions and does what they asked of the board. */
  #step(count: number): RunStatus | undefined {
    const stop = this.#cpu.run(count);
    if (stop === 'shutdown') {
      // What a PC's chipset does with the processor's shutdown cycle.
      this.#backends.log('the processor shut down (triple fault): reset');
      this.#wantReset();
    }
    if (this.#callout !== 0) {
      const number = this.#callout;
      this.#callout = 0;
      this.#bios?.callout(number);
      this.#cpu.afterFirmware();
    }
    if (this.#board.poweredOff) return { kind: 'stopped', reason: 'power-off' };
    if (this.#resetWanted) this.#resetAll('hard');
    return undefined;
  }

  // --- images --------------------------------------------------------------------------------------------------------------------

  save(): Uint8Array {
    // Retired instructions are counted by the processor object; the image carries the sum.
    const { state } = this.#clock;
    const kept = state.instructions;
    state.instructions = this.instructions;
    const image = saveMachine(this.#parts, this.#ram);
    state.instructions = kept;
    return image;
  }

  load(image: Uint8Array): Result<void> {
    const loaded = loadMachine(this.#parts, this.#ram, image);
    if (!loaded.ok) return err(loaded.error);
    this.#clock.state.instructions -= this.#cpu.retired;
    this.#callout = 0;
    this.#resetWanted = false;
    return loaded;
  }

  describe(): Readonly<Record<string, readonly string[]>> {
    const { blocks, mmu, unimplemented } = this.#cpu;
    return {
      engine: [
        `compiled regions = ${this.#cpu.regions.compiled}`,
        `decoded instructions = ${blocks.decodedInstructions}`,
        `invalidated blocks = ${blocks.invalidatedBlocks}`,
        `flushes = ${blocks.flushes}`,
        `slow memory accesses = ${mmu.missCount}`,
        ...[...unimplemented].map(([name, count]) => `unimplemented ${name} = ${count}`),
      ],
      ...Object.fromEntries(this.#parts.map((part) => [part.id, describeState(part.spec, part.state as never)])),
    };
  }
}

/** Builds a powered-on machine. Throws FailureError for what the configuration gets wrong, RangeError without memory. */
export function createPc(config: PcConfig, backends: PcBackends): Machine {
  if (config.kernel) {
    const checked = checkLinuxKernel(config.kernel);
    if (!checked.ok) throw new FailureError(checked.error);
  }
  return new Pc(config, backends);
}
