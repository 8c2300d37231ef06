import type { DisplaySource } from '../backends/index.ts';
import { err, FailureError, type Result } from '../base/index.ts';
import { IoBus, TimerQueue, type Device, type IrqLine } from '../bus/index.ts';
import { CPU, CPU_MODELS, Cpu, RAM_BASE, cpuStateView, type CpuStats } from '../cpu/index.ts';
import type { LockstepSide } from '../cpu/lockstep.ts';
import { Vga } from '../devices/display/index.ts';
import { APIC_BUS_HZ } from '../devices/intc/apic-timer.ts';
import { I8259Pair } from '../devices/intc/i8259-pair.ts';
import { FpuErrorLogic } from '../devices/misc/fpu-error.ts';
import { checkKernel } from '../firmware/index.ts';
import { GuestMemory } from '../snapshot/index.ts';
import { create, defineState, describeState, bool } from '../state/index.ts';
import { addApics, type Apics } from './apics.ts';
import { BoardParts, onceLog, type ResetSource } from './board-parts.ts';
import { addChipset, CDROM_PLACE, pciSpaces, type Chipset } from './chipset.ts';
import {
  HostMachineClock,
  MACHINE_CLOCK,
  NS_PER_INSTRUCTION,
  VirtualMachineClock,
  type MachineClock,
} from './clock.ts';
import { installFirmware, type FirmwareHost } from './firmware-host.ts';
import { loadMachine, saveMachine, type SavedPart } from './image.ts';
import { addControllers, addIsaParts, type IsaParts } from './isa-parts.ts';
import { LfbDisplay } from './lfb-display.ts';
import type { Machine, PcBackends, PcConfig, RunStatus } from './machine.ts';
import { addParavirtual } from './paravirtual.ts';
import { BoardMemory, MIB } from './memory-map.ts';

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

/** A PC around one processor: puts the board together, runs it, saves and loads it. */
class Pc implements Machine {
  readonly #cpu: Cpu;
  readonly #memory: BoardMemory;
  readonly #clock: MachineClock;
  readonly #timers: TimerQueue;
  readonly #devices: readonly Device[];
  readonly #parts: readonly SavedPart[];
  readonly #board = create(BOARD);
  readonly #firmware: FirmwareHost;
  readonly #config: PcConfig;
  readonly #backends: PcBackends;
  readonly #isa: IsaParts;
  readonly #chipset: Chipset;
  readonly #vramUsage: Vga['usage'];
  readonly #apics: Apics;
  readonly #ferrLine: IrqLine;
  readonly mouse: Machine['mouse'];
  /** The level of the interrupt line into the processor; the local APIC drives it again after a load. */
  #intr = false;
  readonly display: DisplaySource;
  readonly floppies: Machine['floppies'];
  readonly cdrom: Machine['cdrom'];
  readonly memory: GuestMemory;
  #resetWanted = false;
  /** Since this object was made, like the processor's counters: no part of the machine's state. */
  readonly #resets = new Map<ResetSource, number>();
  /** An image is made or loaded: the clock's state has the whole sum, and parts ask for the time meanwhile. */
  #imaging = false;
  /** Instructions per nanosecond of host time, measured; sizes the slices. */
  #speed = 0.05;

  constructor(config: PcConfig, backends: PcBackends) {
    this.#config = config;
    this.#backends = backends;
    const log = onceLog(backends.log);
    const memory = (this.#memory = new BoardMemory(config.memoryMiB * MIB));
    const io = new IoBus();
    const pic = new I8259Pair({ set: (level) => this.#apics.local.lint0.set(level) }, log);
    const fpuError = new FpuErrorLogic('fpu-error', { set: (level) => this.#ferrLine.set(level) });
    const cpu = (this.#cpu = new Cpu({
      memory: memory.physical,
      linearMemory: memory.linear,
      codeMap: memory.codeMap,
      io,
      acknowledge: () => this.#apics.local.acknowledge(),
      localApic: () => this.#apics.local,
      setFerr: (level) => fpuError.setFerr(level),
      ignne: () => fpuError.ignne,
      timeStamp: () => Math.floor(this.#clock.nowNs),
      hostNowNs: () => backends.hostClock.nowNs,
      regionCompiler: backends.regionCompiler,
      commonHandlers: backends.commonHandlers,
      log: backends.log,
      model: CPU_MODELS[config.cpuModel ?? 'default'],
      busHz: APIC_BUS_HZ,
      jit: ({ auto: 'auto', interpreter: 'off', jit: 'force' } as const)[config.engine],
    }));
    this.memory = new GuestMemory(memory.physical, RAM_BASE, memory.ram.length, () => cpu.mmu.revokeAllWrites());
    this.#clock =
      config.clock === 'virtual'
        ? new VirtualMachineClock(() => this.instructions)
        : new HostMachineClock(
            backends.hostClock,
            () => this.instructions,
            () => cpu.kick(),
          );
    const timers = (this.#timers = new TimerQueue(this.#clock));
    timers.onChange = () => cpu.kick();
    const signals = {
      setA20: (source: 'a20Keyboard' | 'a20Port92', on: boolean) => this.#setA20(source, on),
      reset: (source: ResetSource) => this.#wantReset(source),
      powerOff: () => this.#powerOff(),
    };

    // In the order in which parts are saved.
    const parts = new BoardParts({ config, backends, memory, cpu, timers, log, signals, io });
    const host = pciSpaces(parts);
    const vga = parts.add(new Vga('vga', memory.vram, this.#clock, log));
    vga.mapPorts(io);
    this.#vramUsage = vga.usage;
    addControllers(parts, pic, fpuError);
    this.#apics = addApics(parts, pic, (level) => this.#setInterrupt(level));
    this.#ferrLine = this.#apics.wires[13].driver();
    this.#isa = addIsaParts(parts, this.#apics);
    parts.add(this.#apics.hpet);
    this.#chipset = addChipset(parts, host, this.#apics.wires, vga);
    const { floppy } = this.#isa;
    this.floppies = [floppy.drive(0), floppy.drive(1)].filter((drive) => drive.connected);
    this.cdrom = this.#chipset.ide.cdrom(CDROM_PLACE);
    this.display = new LfbDisplay({
      vga,
      memory: memory.physical,
      lfbBase: () => this.#chipset.vga.lfbBase,
      revokeWrites: () => cpu.mmu.revokeAllWrites(),
    });
    this.mouse = addParavirtual(parts, {
      host,
      pci: this.#chipset.pci,
      mouse: this.#isa.mouse,
      screen: () => this.display.frame,
    });
    this.#firmware = installFirmware(
      parts,
      this.#isa,
      this.#chipset,
      () => this.#a20,
      () => this.#clock.nowNs,
    );
    this.#devices = parts.devices;
    this.#parts = [
      {
        id: 'clock',
        spec: MACHINE_CLOCK,
        state: this.#clock.state,
        preSave: () => this.#clock.preSave(),
        postLoad: () => this.#clock.postLoad(),
      },
      {
        id: 'cpu',
        spec: CPU,
        state: cpuStateView(memory.linear.buffer),
        preSave: () => cpu.preSave(),
        postLoad: () => cpu.afterLoad(),
      },
      { id: 'board', spec: BOARD, state: this.#board, postLoad: () => this.#afterLoad() },
      ...this.#devices,
    ] as SavedPart[];
    this.#resetAll('power');
  }

  get keyboard(): Machine['keyboard'] {
    return this.#isa.keyboard;
  }
  get typist(): Machine['typist'] {
    return this.#isa.typist;
  }
  get serial(): Machine['serial'] {
    return this.#isa.serial;
  }

  pressPowerButton(): boolean {
    const { pm } = this.#chipset;
    pm.pressPowerButton();
    return pm.listensToPowerButton;
  }

  // --- signals of the board ----------------------------------------------------------------------------------------------------

  get #a20(): boolean {
    return this.#board.a20Keyboard || this.#board.a20Port92;
  }

  #setA20(source: 'a20Keyboard' | 'a20Port92', on: boolean): void {
    this.#board[source] = on;
    this.#applyA20();
  }

  #applyA20(): void {
    this.#cpu.setA20(this.#a20);
  }

  #setInterrupt(level: boolean): void {
    if (level === this.#intr && !level) return;
    this.#intr = level;
    this.#cpu.setInterrupt(level);
  }

  /** Before the devices' own. */
  #afterLoad(): void {
    this.#applyA20();
    this.#apics.forgetLevels();
  }

  /** Takes effect before the next instruction: the request often comes from inside one. */
  #wantReset(source: ResetSource): void {
    if (!this.#resetWanted) this.#countReset(source);
    this.#resetWanted = true;
    this.#cpu.kick();
  }

  #countReset(source: ResetSource): void {
    this.#resets.set(source, (this.#resets.get(source) ?? 0) + 1);
  }

  #powerOff(): void {
    this.#board.poweredOff = true;
    this.#cpu.kick();
  }

  #resetAll(kind: 'power' | 'hard'): void {
    this.#resetWanted = false;
    this.#firmware.takeCallout();
    this.#board.poweredOff = false;
    for (const device of this.#devices) device.reset(kind);
    this.#cpu.reset();
    this.#applyA20();
  }

  reset(): void {
    this.#countReset('host');
    this.#resetAll('hard');
  }

  // --- running -----------------------------------------------------------------------------------------------------------------

  get nowNs(): number {
    return this.#clock.nowNs;
  }

  get instructions(): number {
    return this.#clock.state.instructions + (this.#imaging ? 0 : this.#cpu.retired);
  }

  run(untilNs: number, sliceMs = 5): RunStatus {
    this.#vramUsage.untouched = false;
    if (this.#config.clock === 'virtual') return this.#runVirtual(untilNs);
    try {
      return this.#runHost(untilNs, sliceMs);
    } finally {
      this.#clock.unpin();
    }
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
      let before = this.#clock.pin(this.#timers.nextDeadlineNs);
      if (this.#timers.runDue()) before = this.#clock.pin(this.#timers.nextDeadlineNs);
      const now = this.#clock.nowNs;
      if (now >= untilNs || before >= end) return { kind: 'running' };
      if (this.#waiting) {
        if (this.#timers.nextDeadlineNs <= now) continue;
        return { kind: 'idle', wakeNs: this.#timers.nextWakeNs, latestNs: this.#timers.latestWakeNs };
      }
      const spanNs = Math.min(untilNs - now, end - before, Math.max(this.#timers.nextDeadlineNs - now, 0));
      const count = Math.min(Math.max(Math.ceil(spanNs * this.#speed), MIN_SLICE), MAX_SLICE);
      const retiredBefore = this.#cpu.retired;
      const stopped = this.#step(count);
      if (stopped) return stopped;
      const retired = this.#cpu.retired - retiredBefore;
      if (retired <= MIN_SLICE / 2) continue;
      const tookNs = host.nowNs - before;
      if (tookNs > 0) this.#speed += (retired / tookNs - this.#speed) / 8;
    }
  }

  /** The processor waits for an interrupt and none is pending that it would take. */
  get #waiting(): boolean {
    const { state } = this.#cpu;
    return this.#cpu.halted && !(this.#intr && state.interruptsEnabled) && !state.nmiDue;
  }

  /** Runs some instructions and does what they asked of the board. */
  #step(count: number): RunStatus | undefined {
    const stop = this.#cpu.run(count);
    if (stop === 'shutdown') {
      // What a PC's chipset does with the processor's shutdown cycle.
      this.#backends.log('the processor shut down (triple fault): reset');
      this.#wantReset('processor shutdown');
    }
    const callout = this.#firmware.takeCallout();
    if (callout !== 0) {
      this.#firmware.bios?.callout(callout);
      this.#cpu.afterFirmware();
    }
    if (this.#board.poweredOff) return { kind: 'stopped', reason: 'power-off' };
    if (this.#resetWanted) this.#resetAll('hard');
    return undefined;
  }

  // --- images --------------------------------------------------------------------------------------------------------------------

  save(): Uint8Array {
    this.memory.finishFetching();
    return this.#save(this.#memory.ram);
  }

  saveState(): Uint8Array {
    return this.#save(new Uint8Array(0));
  }

  #save(ram: Uint8Array): Uint8Array {
    // What is due has fired in an image: parts arm what lies ahead of its time when they are loaded.
    this.#clock.pin(this.#timers.nextDeadlineNs);
    this.#timers.runDue();
    // Retired instructions are counted by the processor object; the image carries the sum.
    const { state } = this.#clock;
    const kept = state.instructions;
    state.instructions = this.instructions;
    this.#imaging = true;
    try {
      return saveMachine(this.#parts, ram);
    } finally {
      this.#imaging = false;
      state.instructions = kept;
      this.#clock.unpin();
    }
  }

  load(image: Uint8Array): Result<void> {
    this.memory.finishFetching();
    const loaded = this.#load(image, this.#memory.ram);
    this.memory.replaced();
    return loaded;
  }

  loadState(image: Uint8Array): Result<void> {
    return this.#load(image, new Uint8Array(0));
  }

  #load(image: Uint8Array, ram: Uint8Array): Result<void> {
    this.#imaging = true;
    let loaded: Result<void>;
    try {
      loaded = loadMachine(this.#parts, ram, image);
    } finally {
      this.#imaging = false;
    }
    if (!loaded.ok) return err(loaded.error);
    this.#clock.state.instructions -= this.#cpu.retired;
    this.#firmware.takeCallout();
    this.#resetWanted = false;
    return loaded;
  }

  get inside(): LockstepSide {
    return { cpu: this.#cpu, memory: this.#memory.physical };
  }

  stats(): CpuStats {
    return this.#cpu.stats();
  }

  describe(): Readonly<Record<string, readonly string[]>> {
    const { unimplemented } = this.#cpu;
    const { code, memory } = this.stats();
    const lines = (counts: Iterable<readonly [string, number]>, what = ''): string[] =>
      Array.from(counts, ([name, count]) => `${what}${name} = ${count}`);
    return {
      engine: [
        ...lines(Object.entries(code)),
        ...lines(Object.entries(memory)),
        ...lines(unimplemented, 'unimplemented '),
      ],
      resets: lines(this.#resets),
      ...Object.fromEntries(this.#parts.map((part) => [part.id, describeState(part.spec, part.state as never)])),
    };
  }
}

/** Builds a powered-on machine. Throws FailureError for what the configuration gets wrong, RangeError without memory. */
export function createPc(config: PcConfig, backends: PcBackends): Machine {
  if (config.kernel) {
    const checked = checkKernel(config.kernel);
    if (!checked.ok) throw new FailureError(checked.error);
  }
  return new Pc(config, backends);
}
