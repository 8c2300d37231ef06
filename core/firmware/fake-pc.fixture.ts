/**
 * A machine for the firmware's tests: 2 MiB of memory with the real VGA, both ROMs, CMOS registers, a keyboard
 * controller that hands out queued bytes, and a runner for the few instructions that the stubs are made of.
 */
import type { Block } from '../backends/index.ts';
import { IoBus, ManualClock, type IoWidth } from '../bus/index.ts';
import { VGA_LFB, VGA_WINDOW, Vga } from '../devices/display/vga.ts';
import type { BiosCpu, BiosDrive, BiosEnv, BiosMemory } from './env.ts';
import { Bios, CALLOUT_PHYS_ADDR, buildRom, buildVideoRom } from './index.ts';
import { FLAG, linear } from './guest.ts';

const MEMORY_BYTES = 0x200000;
const LFB = 0xe0000000;

export class FakeCpu implements BiosCpu {
  eax = 0;
  ebx = 0;
  ecx = 0;
  edx = 0;
  esi = 0;
  edi = 0;
  ebp = 0;
  esp = 0x7000;
  eip = 0;
  eflags = 0x202;
  cs = 0xf000;
  ds = 0;
  es = 0;
  ss = 0;
  protectedMode = false;
  setRealModeSegment(name: 'cs' | 'ds' | 'es' | 'ss', selector: number): void {
    this[name] = selector & 0xffff;
  }
}

class FakeMemory implements BiosMemory {
  readonly sizeBytes = MEMORY_BYTES;
  readonly ram = new Uint8Array(MEMORY_BYTES);
  readonly #vga: Vga;
  constructor(vga: Vga) {
    this.#vga = vga;
  }
  read8(at: number): number {
    this.#check(at, 1);
    if (at >= 0xa0000 && at < 0xc0000) return this.#vga.mmioRead(VGA_WINDOW, at - 0xa0000, 1);
    return at < MEMORY_BYTES ? this.ram[at] : 0xff;
  }
  write8(at: number, value: number): void {
    this.#check(at, 1);
    if (value < 0 || value > 0xff) throw new Error(`byte ${value} written at ${at.toString(16)}`);
    if (at >= 0xa0000 && at < 0xc0000) this.#vga.mmioWrite(VGA_WINDOW, at - 0xa0000, 1, value);
    else if (at >= LFB && at < LFB + 0x1000000) this.#vga.mmioWrite(VGA_LFB, at - LFB, 1, value);
    else if (at < MEMORY_BYTES && (at < 0xc0000 || at >= 0x100000)) this.ram[at] = value;
  }
  #check(at: number, length: number): void {
    if (!Number.isInteger(at) || at < 0 || at + length > 0x100000000) throw new Error(`physical address ${at}`);
  }
  read16(at: number): number {
    return this.read8(at) | (this.read8(at + 1) << 8);
  }
  read32(at: number): number {
    return (this.read16(at) | (this.read16(at + 2) << 16)) >>> 0;
  }
  write16(at: number, value: number): void {
    if (value < 0 || value > 0xffff) throw new Error(`word ${value} written at ${at.toString(16)}`);
    this.write8(at, value & 0xff);
    this.write8(at + 1, value >> 8);
  }
  write32(at: number, value: number): void {
    this.write16(at, value & 0xffff);
    this.write16(at + 2, value >>> 16);
  }
  #plain(at: number, length: number): boolean {
    return at + length <= 0xa0000 || (at >= 0x100000 && at + length <= MEMORY_BYTES);
  }
  readBytes(at: number, target: Uint8Array): void {
    this.#check(at, target.length);
    if (this.#plain(at, target.length)) {
      target.set(this.ram.subarray(at, at + target.length));
      return;
    }
    for (let i = 0; i < target.length; i++) target[i] = this.read8(at + i);
  }
  writeBytes(at: number, data: Uint8Array): void {
    this.#check(at, data.length);
    if (this.#plain(at, data.length)) {
      this.ram.set(data, at);
      return;
    }
    for (let i = 0; i < data.length; i++) this.write8(at + i, data[i]);
  }
}

export class MemoryBlock implements Block {
  readonly data: Uint8Array;
  readonly readOnly: boolean;
  constructor(sizeBytes: number, readOnly = false) {
    this.data = new Uint8Array(sizeBytes);
    this.readOnly = readOnly;
  }
  get sizeBytes(): number {
    return this.data.length;
  }
  read(offset: number, target: Uint8Array): void {
    if (offset + target.length > this.data.length) throw new Error('read past the end of the medium');
    target.set(this.data.subarray(offset, offset + target.length));
  }
  write(offset: number, data: Uint8Array): void {
    if (offset + data.length > this.data.length) throw new Error('write past the end of the medium');
    this.data.set(data, offset);
  }
  flush(): void {}
}

export class FakeDrive implements BiosDrive {
  medium: Block | undefined;
  changed = false;
  constructor(medium?: Block) {
    this.medium = medium;
  }
  takeChanged(): boolean {
    const changed = this.changed;
    this.changed = false;
    return changed;
  }
}

export interface FakeOptions {
  readonly floppies?: readonly FakeDrive[];
  readonly disks?: readonly FakeDrive[];
  readonly cdroms?: readonly FakeDrive[];
  readonly bootOrder?: BiosEnv['bootOrder'];
}

export class FakePc {
  readonly cpu = new FakeCpu();
  readonly clock = new ManualClock();
  readonly io = new IoBus();
  readonly vga = new Vga('vga', new Uint8Array(0x1000000), this.clock);
  readonly memory = new FakeMemory(this.vga);
  readonly cmos = new Uint8Array(128);
  /** Bytes that port 60h gives, oldest first; `aux` says that they are the mouse's. */
  readonly scanCodes: number[] = [];
  aux = false;
  readonly portWrites: (readonly [port: number, value: number])[] = [];
  readonly logged: string[] = [];
  resets = 0;
  powerOffs = 0;
  a20 = true;
  readonly env: BiosEnv;
  readonly bios: Bios;
  /** Called at HLT, as an interrupt would be; must change something or the runner gives up. */
  onHalt: () => void = () => {};

  constructor(options: FakeOptions = {}) {
    this.vga.mapPorts(this.io);
    this.#mapPorts();
    this.memory.ram.set(buildVideoRom(), 0xc0000);
    this.memory.ram.set(buildRom(), 0xf0000);
    this.env = {
      cpu: this.cpu,
      memory: this.memory,
      io: this.io,
      floppies: options.floppies ?? [],
      disks: options.disks ?? [],
      cdroms: options.cdroms ?? [],
      bootOrder: options.bootOrder ?? ['floppy', 'disk', 'cdrom'],
      nowNs: () => this.clock.nowNs,
      setA20: (enabled) => (this.a20 = enabled),
      getA20: () => this.a20,
      powerOff: () => this.powerOffs++,
      reset: () => this.resets++,
      log: (message) => this.logged.push(message),
    };
    this.bios = new Bios(this.env);
  }

  #mapPorts(): void {
    let cmosIndex = 0;
    const map = (
      base: number,
      size: number,
      read: (offset: number) => number,
      write: (offset: number, value: number) => void,
    ): void =>
      this.io.map({
        base,
        size,
        device: {
          ioRead: (_range: number, offset: number): number => read(offset),
          ioWrite: (_range: number, offset: number, _width: IoWidth, value: number): void => {
            this.portWrites.push([base + offset, value]);
            write(offset, value);
          },
        },
      });
    map(
      0x70,
      2,
      (offset) => (offset === 1 ? this.cmos[cmosIndex] : 0xff),
      (offset, value) => {
        if (offset === 0) cmosIndex = value & 0x7f;
        else this.cmos[cmosIndex] = value;
      },
    );
    map(
      0x60,
      1,
      () => this.scanCodes.shift() ?? 0,
      () => {},
    );
    map(
      0x64,
      1,
      () => (this.scanCodes.length > 0 ? (this.aux ? 0x21 : 0x01) : 0),
      () => {},
    );
    for (const base of [0x20, 0xa0]) {
      let mask = 0;
      map(
        base,
        2,
        () => mask,
        (offset, value) => {
          if (offset === 1) mask = value;
        },
      );
    }
  }

  /** Runs POST's call-out alone, so that services find their data areas. */
  post(): this {
    this.bios.callout(0x120);
    this.portWrites.length = 0;
    return this;
  }

  /** A service called directly, with an interrupt frame on the stack. */
  service(vector: number): void {
    this.cpu.esp = 0x7000 - 6;
    this.memory.write16(linear(this.cpu.ss, 0x7000 - 2), 0x202);
    this.bios.callout(vector);
  }
  get carry(): boolean {
    return (this.#frame & FLAG.CF) !== 0;
  }
  get zero(): boolean {
    return (this.#frame & FLAG.ZF) !== 0;
  }
  get #frame(): number {
    return this.memory.read16(linear(this.cpu.ss, (this.cpu.esp + 4) & 0xffff));
  }

  get screen(): readonly string[] {
    const columns = this.memory.ram[0x44a];
    return Array.from({ length: this.memory.ram[0x484] + 1 }, (_, row) =>
      Array.from({ length: columns }, (_c, column) =>
        String.fromCharCode(this.memory.read8(0xb8000 + (row * columns + column) * 2)),
      )
        .join('')
        .trimEnd(),
    );
  }

  // ---- the stub runner

  push(value: number): void {
    this.cpu.esp = (this.cpu.esp - 2) & 0xffff;
    this.memory.write16(linear(this.cpu.ss, this.cpu.esp), value & 0xffff);
  }
  pop(): number {
    const value = this.memory.read16(linear(this.cpu.ss, this.cpu.esp));
    this.cpu.esp = (this.cpu.esp + 2) & 0xffff;
    return value;
  }
  interrupt(vector: number): void {
    this.push(this.cpu.eflags);
    this.push(this.cpu.cs);
    this.push(this.cpu.eip);
    this.cpu.eflags &= ~FLAG.IF;
    this.cpu.eip = this.memory.read16(vector * 4);
    this.cpu.cs = this.memory.read16(vector * 4 + 2);
  }

  /** INT `vector` through the vector table until it has returned. Returns how often the stub halted. */
  call(vector: number): number {
    this.cpu.esp = 0x7000;
    this.cpu.ss = 0;
    this.cpu.cs = 0x1234;
    this.cpu.eip = 0x0100;
    this.interrupt(vector);
    return this.runUntil(0x1234, 0x0100);
  }

  runUntil(cs: number, ip: number, limit = 1000): number {
    let halts = 0;
    for (let i = 0; i < limit; i++) {
      if (this.cpu.cs === cs && this.cpu.eip === ip) return halts;
      if (this.#step()) {
        halts++;
        this.onHalt();
      }
    }
    throw new Error(`still at ${this.cpu.cs.toString(16)}:${this.cpu.eip.toString(16)} after ${limit} instructions`);
  }

  /** True after HLT. */
  #step(): boolean {
    const c = this.cpu;
    const names = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
    const at = linear(c.cs, c.eip);
    const byte = (i: number): number => this.memory.read8(at + i);
    const word = (i: number): number => this.memory.read16(at + i);
    const next = (length: number): void => void (c.eip = (c.eip + length) & 0xffff);
    const jump = (length: number, distance: number): void => next(length + distance);
    const flag = (mask: number, on: boolean): void => void (c.eflags = on ? c.eflags | mask : c.eflags & ~mask);
    const compare = (left: number, right: number): void => {
      flag(FLAG.ZF, left === right);
      flag(FLAG.CF, left < right);
    };
    const op = byte(0);
    if (op === 0x2e && byte(1) === 0xc7) {
      if (linear(c.cs, word(3)) !== CALLOUT_PHYS_ADDR) throw new Error('a stub writes elsewhere');
      next(7);
      this.bios.callout(word(5));
    } else if (op === 0xdb && byte(1) === 0xe3) {
      next(2); // FNINIT
    } else if (op >= 0x50 && op < 0x58) {
      this.push(c[names[op - 0x50]]);
      next(1);
    } else if (op >= 0x58 && op < 0x60) {
      c[names[op - 0x58]] = this.pop();
      next(1);
    } else if (op >= 0xb8) {
      if (op < 0xc0) {
        c[names[op - 0xb8]] = word(1);
        next(3);
      } else if (op === 0xcd) {
        next(2);
        this.interrupt(byte(1));
      } else if (op === 0xcf || op === 0xcb) {
        c.eip = this.pop();
        c.cs = this.pop();
        if (op === 0xcf) c.eflags = this.pop();
      } else if (op === 0xe9) jump(3, word(1));
      else if (op === 0xe6) {
        this.io.write(byte(1), 1, c.eax & 0xff);
        next(2);
      } else if (op === 0xea) {
        c.cs = word(3);
        c.eip = word(1);
      } else if (op === 0xff && byte(1) === 0x1e) {
        const pointer = linear(c.ds, word(2));
        this.push(c.cs);
        this.push(c.eip + 4);
        c.eip = this.memory.read16(pointer);
        c.cs = this.memory.read16(pointer + 2);
      } else if (op === 0xff && byte(1) === 0x2e) {
        const pointer = linear(c.ds, word(2));
        c.eip = this.memory.read16(pointer);
        c.cs = this.memory.read16(pointer + 2);
      } else {
        next(1);
        if (op === 0xf4) return true;
        if (op === 0xfa || op === 0xfb) flag(FLAG.IF, op === 0xfb);
        else if (op === 0xf9) flag(FLAG.CF, true);
        else if (op !== 0xfc) throw new Error(`opcode ${op.toString(16)}`);
      }
    } else if (op >= 0x72 && op <= 0x75) {
      const set = (c.eflags & (op < 0x74 ? FLAG.CF : FLAG.ZF)) !== 0;
      jump(2, set === (op & 1) < 1 ? (byte(1) << 24) >> 24 : 0);
    } else {
      switch (op) {
        case 0x06:
          this.push(c.es);
          next(1);
          break;
        case 0x07:
          c.es = this.pop();
          next(1);
          break;
        case 0x1e:
          this.push(c.ds);
          next(1);
          break;
        case 0x1f:
          c.ds = this.pop();
          next(1);
          break;
        case 0x2c:
          c.eax = (c.eax & ~0xff) | ((c.eax - byte(1)) & 0xff);
          next(2);
          break;
        case 0x3c:
          flag(FLAG.ZF, (c.eax & 0xff) === byte(1));
          next(2);
          break;
        case 0x60: {
          const sp = c.esp;
          for (const name of names) this.push(name === 'esp' ? sp : c[name]);
          next(1);
          break;
        }
        case 0x61:
          for (const name of [...names].reverse()) {
            const value = this.pop();
            if (name !== 'esp') c[name] = value;
          }
          next(1);
          break;
        case 0x66: {
          // INC dword
          const counter = linear(c.ds, word(3));
          this.memory.write32(counter, (this.memory.read32(counter) + 1) >>> 0);
          next(5);
          break;
        }
        case 0x80: // CMP byte, imm8
          compare(this.memory.read8(linear(c.ds, word(2))), byte(4));
          next(5);
          break;
        case 0x81: // CMP word, imm16
          compare(this.memory.read16(linear(c.ds, word(2))), word(4));
          next(6);
          break;
        case 0xb0:
          c.eax = (c.eax & ~0xff) | byte(1);
          next(2);
          break;
        case 0x83: // ADD SP, imm8
          c.esp += byte(2);
          next(3);
          break;
        case 0x8e: // MOV DS, AX or BX
          c.ds = (byte(1) === 0xdb ? c.ebx : c.eax) & 0xffff;
          next(2);
          break;
        case 0xb4:
          c.eax = (c.eax & ~0xff00) | (byte(1) << 8);
          next(2);
          break;
        default:
          throw new Error(`opcode ${op.toString(16)} at ${c.cs.toString(16)}:${c.eip.toString(16)}`);
      }
    }
    return false;
  }
}
