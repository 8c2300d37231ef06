/**
 * The guest as a handler sees it: byte and word views of the registers, the FLAGS image that IRET will pop, and memory
 * by linear address (through the A20 gate and, under a virtual-8086 monitor, its page tables).
 */
import type { IoBus } from '../bus/index.ts';
import { BDA_BASE } from './bda.ts';
import type { BiosCpu, BiosEnv, BiosMemory } from './env.ts';
import { EBDA_BASE } from './layout.ts';

export const FLAG = { CF: 0x1, ZF: 0x40, IF: 0x200, VM: 0x20000 } as const;

const PAGE_BYTES = 0x1000;
const A20_BIT = 0x100000;

export class Guest {
  readonly env: BiosEnv;
  readonly cpu: BiosCpu;
  readonly memory: BiosMemory;
  readonly io: IoBus;

  constructor(env: BiosEnv) {
    this.env = env;
    this.cpu = env.cpu;
    this.memory = env.memory;
    this.io = env.io;
  }

  /** From 0 to 1, exclusive. */
  random(): number {
    return this.env.random?.() ?? 0;
  }

  /** Memory that guests may use: what lies above is the tables'. */
  get usableBytes(): number {
    return this.env.acpi?.physAddr ?? this.memory.sizeBytes;
  }

  get al(): number {
    return this.cpu.eax & 0xff;
  }
  set al(value: number) {
    this.cpu.eax = ((this.cpu.eax & 0xffffff00) | (value & 0xff)) >>> 0;
  }
  get ah(): number {
    return (this.cpu.eax >>> 8) & 0xff;
  }
  set ah(value: number) {
    this.cpu.eax = ((this.cpu.eax & 0xffff00ff) | ((value & 0xff) << 8)) >>> 0;
  }
  get ax(): number {
    return this.cpu.eax & 0xffff;
  }
  set ax(value: number) {
    this.cpu.eax = ((this.cpu.eax & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get bl(): number {
    return this.cpu.ebx & 0xff;
  }
  set bl(value: number) {
    this.cpu.ebx = ((this.cpu.ebx & 0xffffff00) | (value & 0xff)) >>> 0;
  }
  get bh(): number {
    return (this.cpu.ebx >>> 8) & 0xff;
  }
  set bh(value: number) {
    this.cpu.ebx = ((this.cpu.ebx & 0xffff00ff) | ((value & 0xff) << 8)) >>> 0;
  }
  get bx(): number {
    return this.cpu.ebx & 0xffff;
  }
  set bx(value: number) {
    this.cpu.ebx = ((this.cpu.ebx & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get cl(): number {
    return this.cpu.ecx & 0xff;
  }
  set cl(value: number) {
    this.cpu.ecx = ((this.cpu.ecx & 0xffffff00) | (value & 0xff)) >>> 0;
  }
  get ch(): number {
    return (this.cpu.ecx >>> 8) & 0xff;
  }
  set ch(value: number) {
    this.cpu.ecx = ((this.cpu.ecx & 0xffff00ff) | ((value & 0xff) << 8)) >>> 0;
  }
  get cx(): number {
    return this.cpu.ecx & 0xffff;
  }
  set cx(value: number) {
    this.cpu.ecx = ((this.cpu.ecx & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get dl(): number {
    return this.cpu.edx & 0xff;
  }
  set dl(value: number) {
    this.cpu.edx = ((this.cpu.edx & 0xffffff00) | (value & 0xff)) >>> 0;
  }
  get dh(): number {
    return (this.cpu.edx >>> 8) & 0xff;
  }
  set dh(value: number) {
    this.cpu.edx = ((this.cpu.edx & 0xffff00ff) | ((value & 0xff) << 8)) >>> 0;
  }
  get dx(): number {
    return this.cpu.edx & 0xffff;
  }
  set dx(value: number) {
    this.cpu.edx = ((this.cpu.edx & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get si(): number {
    return this.cpu.esi & 0xffff;
  }
  set si(value: number) {
    this.cpu.esi = ((this.cpu.esi & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get di(): number {
    return this.cpu.edi & 0xffff;
  }
  set di(value: number) {
    this.cpu.edi = ((this.cpu.edi & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get bp(): number {
    return this.cpu.ebp & 0xffff;
  }
  set bp(value: number) {
    this.cpu.ebp = ((this.cpu.ebp & 0xffff0000) | (value & 0xffff)) >>> 0;
  }
  get sp(): number {
    return this.cpu.esp & 0xffff;
  }
  set sp(value: number) {
    this.cpu.esp = ((this.cpu.esp & 0xffff0000) | (value & 0xffff)) >>> 0;
  }

  /** FLAGS as the stub's IRET restores them: SS:[SP+4] at the call-out of an interrupt service. */
  get frameFlags(): number {
    return this.read16(linear(this.cpu.ss, this.sp + 4));
  }
  setFrameFlag(mask: number, on: boolean): void {
    const at = linear(this.cpu.ss, this.sp + 4);
    const flags = this.read16(at);
    this.write16(at, on ? flags | mask : flags & ~mask);
  }
  /** Carry as the caller will see it. */
  setCarry(on: boolean): void {
    this.setFrameFlag(FLAG.CF, on);
  }
  /** Carry as the stub's next instruction sees it. */
  setLiveCarry(on: boolean): void {
    this.cpu.eflags = (on ? this.cpu.eflags | FLAG.CF : this.cpu.eflags & ~FLAG.CF) >>> 0;
  }

  /** -1 where a page table maps nothing. */
  #phys(linearAddr: number, write: boolean): number {
    const at = linearAddr % 0x100000000;
    const translate = this.env.translate;
    if (translate) return translate(at, write);
    return at >= A20_BIT && at < 2 * A20_BIT && !this.env.getA20() ? at - A20_BIT : at;
  }

  read8(linearAddr: number): number {
    const at = this.#phys(linearAddr, false);
    return at < 0 ? 0xff : this.memory.read8(at);
  }
  read16(linearAddr: number): number {
    if ((linearAddr & 0xfff) === 0xfff) return this.read8(linearAddr) | (this.read8(linearAddr + 1) << 8);
    const at = this.#phys(linearAddr, false);
    return at < 0 ? 0xffff : this.memory.read16(at);
  }
  read32(linearAddr: number): number {
    return (this.read16(linearAddr) | (this.read16(linearAddr + 2) << 16)) >>> 0;
  }
  write8(linearAddr: number, value: number): void {
    const at = this.#phys(linearAddr, true);
    if (at >= 0) this.memory.write8(at, value & 0xff);
  }
  write16(linearAddr: number, value: number): void {
    if ((linearAddr & 0xfff) === 0xfff) {
      this.write8(linearAddr, value);
      this.write8(linearAddr + 1, value >> 8);
      return;
    }
    const at = this.#phys(linearAddr, true);
    if (at >= 0) this.memory.write16(at, value & 0xffff);
  }
  write32(linearAddr: number, value: number): void {
    this.write16(linearAddr, value & 0xffff);
    this.write16(linearAddr + 2, value >>> 16);
  }
  write64(linearAddr: number, value: number): void {
    this.write32(linearAddr, value % 0x100000000);
    this.write32(linearAddr + 4, Math.floor(value / 0x100000000));
  }

  readBytes(linearAddr: number, target: Uint8Array): void {
    for (let done = 0; done < target.length;) {
      const count = this.#run(linearAddr + done, target.length - done);
      const at = this.#phys(linearAddr + done, false);
      const part = count === target.length ? target : target.subarray(done, done + count);
      if (at < 0) part.fill(0xff);
      else this.memory.readBytes(at, part);
      done += count;
    }
  }
  writeBytes(linearAddr: number, data: Uint8Array): void {
    for (let done = 0; done < data.length;) {
      const count = this.#run(linearAddr + done, data.length - done);
      const at = this.#phys(linearAddr + done, true);
      if (at >= 0) this.memory.writeBytes(at, count === data.length ? data : data.subarray(done, done + count));
      done += count;
    }
  }
  /** Bytes from here that are contiguous in physical memory. */
  #run(linearAddr: number, wanted: number): number {
    if (this.env.translate) return Math.min(wanted, PAGE_BYTES - (linearAddr & (PAGE_BYTES - 1)));
    if (linearAddr < A20_BIT) return Math.min(wanted, A20_BIT - linearAddr);
    return wanted;
  }

  bda8(offset: number): number {
    return this.read8(BDA_BASE + offset);
  }
  bda16(offset: number): number {
    return this.read16(BDA_BASE + offset);
  }
  bda32(offset: number): number {
    return this.read32(BDA_BASE + offset);
  }
  setBda8(offset: number, value: number): void {
    this.write8(BDA_BASE + offset, value);
  }
  setBda16(offset: number, value: number): void {
    this.write16(BDA_BASE + offset, value);
  }
  setBda32(offset: number, value: number): void {
    this.write32(BDA_BASE + offset, value);
  }
  ebda8(offset: number): number {
    return this.read8(EBDA_BASE + offset);
  }
  setEbda8(offset: number, value: number): void {
    this.write8(EBDA_BASE + offset, value);
  }
  ebda16(offset: number): number {
    return this.read16(EBDA_BASE + offset);
  }
  setEbda16(offset: number, value: number): void {
    this.write16(EBDA_BASE + offset, value);
  }
  ebda32(offset: number): number {
    return this.read32(EBDA_BASE + offset);
  }
  setEbda32(offset: number, value: number): void {
    this.write32(EBDA_BASE + offset, value);
  }

  in8(port: number): number {
    return this.io.read(port, 1);
  }
  out8(port: number, value: number): void {
    this.io.write(port, 1, value & 0xff);
  }
  in16(port: number): number {
    return this.io.read(port, 2);
  }
  out16(port: number, value: number): void {
    this.io.write(port, 2, value & 0xffff);
  }
  cmosRead(index: number): number {
    this.out8(0x70, index);
    return this.in8(0x71);
  }
  cmosWrite(index: number, value: number): void {
    this.out8(0x70, index);
    this.out8(0x71, value);
  }
}

/** Linear address of segment:offset in real mode; the offset wraps, the sum does not. */
export function linear(segment: number, offset: number): number {
  return ((segment & 0xffff) << 4) + (offset & 0xffff);
}
