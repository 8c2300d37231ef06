import type { Cpu } from '../cpu/index.ts';
import { SEG } from '../isa/index.ts';
import type { BiosCpu, BiosMemory } from '../firmware/index.ts';
import type { PhysicalMemory } from '../memory/index.ts';

const GPR = { eax: 0, ecx: 1, edx: 2, ebx: 3, esp: 4, ebp: 5, esi: 6, edi: 7 } as const;

/** The processor between two instructions, as the firmware's call-outs see it. */
export class FirmwareCpu implements BiosCpu {
  readonly #cpu: Cpu;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
  }

  get eax(): number {
    return this.#cpu.state.gpr(GPR.eax);
  }
  set eax(value: number) {
    this.#cpu.state.setGpr(GPR.eax, value);
  }
  get ecx(): number {
    return this.#cpu.state.gpr(GPR.ecx);
  }
  set ecx(value: number) {
    this.#cpu.state.setGpr(GPR.ecx, value);
  }
  get edx(): number {
    return this.#cpu.state.gpr(GPR.edx);
  }
  set edx(value: number) {
    this.#cpu.state.setGpr(GPR.edx, value);
  }
  get ebx(): number {
    return this.#cpu.state.gpr(GPR.ebx);
  }
  set ebx(value: number) {
    this.#cpu.state.setGpr(GPR.ebx, value);
  }
  get esp(): number {
    return this.#cpu.state.gpr(GPR.esp);
  }
  set esp(value: number) {
    this.#cpu.state.setGpr(GPR.esp, value);
  }
  get ebp(): number {
    return this.#cpu.state.gpr(GPR.ebp);
  }
  set ebp(value: number) {
    this.#cpu.state.setGpr(GPR.ebp, value);
  }
  get esi(): number {
    return this.#cpu.state.gpr(GPR.esi);
  }
  set esi(value: number) {
    this.#cpu.state.setGpr(GPR.esi, value);
  }
  get edi(): number {
    return this.#cpu.state.gpr(GPR.edi);
  }
  set edi(value: number) {
    this.#cpu.state.setGpr(GPR.edi, value);
  }
  get eip(): number {
    return this.#cpu.state.rip;
  }
  set eip(value: number) {
    this.#cpu.state.rip = value;
  }
  get eflags(): number {
    return this.#cpu.state.eflags;
  }
  set eflags(value: number) {
    this.#cpu.state.eflags = value;
  }
  get cs(): number {
    return this.#cpu.state.selector(SEG.CS);
  }
  set cs(value: number) {
    this.setRealModeSegment('cs', value);
  }
  get ds(): number {
    return this.#cpu.state.selector(SEG.DS);
  }
  set ds(value: number) {
    this.setRealModeSegment('ds', value);
  }
  get es(): number {
    return this.#cpu.state.selector(SEG.ES);
  }
  set es(value: number) {
    this.setRealModeSegment('es', value);
  }
  get ss(): number {
    return this.#cpu.state.selector(SEG.SS);
  }
  set ss(value: number) {
    this.setRealModeSegment('ss', value);
  }
  get protectedMode(): boolean {
    return this.#cpu.state.protectedMode;
  }
  setRealModeSegment(name: 'cs' | 'ds' | 'es' | 'ss', selector: number): void {
    const index = { cs: SEG.CS, ds: SEG.DS, es: SEG.ES, ss: SEG.SS }[name];
    this.#cpu.state.setRealSegment(index, selector);
  }
}

/** Physical memory for the firmware; accesses may cross pages. */
export class FirmwareMemory implements BiosMemory {
  readonly sizeBytes: number;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory, sizeBytes: number) {
    this.#memory = memory;
    this.sizeBytes = sizeBytes;
  }
  read8(physAddr: number): number {
    return this.#memory.read(physAddr >>> 0, 1);
  }
  read16(physAddr: number): number {
    if ((physAddr & 0xfff) === 0xfff) return this.read8(physAddr) | (this.read8(physAddr + 1) << 8);
    return this.#memory.read(physAddr >>> 0, 2);
  }
  read32(physAddr: number): number {
    if ((physAddr & 0xfff) > 0xffc) return (this.read16(physAddr) | (this.read16(physAddr + 2) << 16)) >>> 0;
    return this.#memory.read(physAddr >>> 0, 4);
  }
  write8(physAddr: number, value: number): void {
    this.#memory.write(physAddr >>> 0, 1, value & 0xff);
  }
  write16(physAddr: number, value: number): void {
    if ((physAddr & 0xfff) === 0xfff) {
      this.write8(physAddr, value);
      this.write8(physAddr + 1, value >> 8);
    } else this.#memory.write(physAddr >>> 0, 2, value & 0xffff);
  }
  write32(physAddr: number, value: number): void {
    if ((physAddr & 0xfff) > 0xffc) {
      this.write16(physAddr, value);
      this.write16(physAddr + 2, value >>> 16);
    } else this.#memory.write(physAddr >>> 0, 4, value >>> 0);
  }
  readBytes(physAddr: number, target: Uint8Array): void {
    this.#memory.dmaRead(physAddr, target);
  }
  writeBytes(physAddr: number, data: Uint8Array): void {
    this.#memory.dmaWrite(physAddr, data);
  }
}
