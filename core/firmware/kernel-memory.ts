import { err, failure, ok, type Result } from '../base/index.ts';
import type { ElfSegment } from './elf.ts';
import type { Guest } from './guest.ts';
import { EBDA_BASE } from './layout.ts';

const MIB = 0x100000;
const PAGE = 4096;
/** Vectors, the BIOS data area, and the stack that the kernel's first instructions run on. */
const LOW_RESERVED = 0x7c00;

/** Where a kernel that is entered in protected mode lies, and after it what it is told. */
export class KernelMemory {
  readonly #guest: Guest;
  #next = MIB;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** Errors: `kernel.memory`. */
  load(segments: readonly ElfSegment[]): Result<void> {
    const { usableBytes, memory } = this.#guest;
    for (const { physAddr, bytes, memoryBytes } of segments) {
      const end = physAddr + memoryBytes;
      const inLow = physAddr >= LOW_RESERVED && end <= EBDA_BASE;
      if (!inLow && !(physAddr >= MIB && end <= usableBytes))
        return err(
          failure(
            'kernel.memory',
            `the kernel wants ${memoryBytes} bytes at ${physAddr.toString(16)}h, where there is no free memory`,
            'give the machine more memory',
          ),
        );
      memory.writeBytes(physAddr, bytes);
      memory.writeBytes(physAddr + bytes.length, new Uint8Array(memoryBytes - bytes.length));
      this.#next = Math.max(this.#next, end);
    }
    return ok(undefined);
  }

  /** Where the next block goes. */
  get next(): number {
    return Math.ceil(this.#next / PAGE) * PAGE;
  }

  /** Puts bytes on a page boundary of their own behind everything else. Errors: `kernel.memory`. */
  place(bytes: Uint8Array): Result<number> {
    const physAddr = this.next;
    if (physAddr + bytes.length > this.#guest.usableBytes)
      return err(failure('kernel.memory', 'kernel and modules do not fit into memory', 'give the machine more memory'));
    this.#guest.memory.writeBytes(physAddr, bytes);
    this.#next = physAddr + bytes.length;
    return ok(physAddr);
  }
}

/** A block of structures that point at each other, put together for the address that it will have. */
export class InfoBlock {
  readonly #parts: number[] = [];
  readonly #base: number;

  constructor(base: number) {
    this.#base = base;
  }

  /** The address that the bytes get, a multiple of 8. */
  add(bytes: Uint8Array): number {
    while (this.#parts.length % 8 !== 0) this.#parts.push(0);
    const at = this.#base + this.#parts.length;
    for (const byte of bytes) this.#parts.push(byte);
    return at;
  }

  text(value: string): number {
    return this.add(new TextEncoder().encode(`${value}\0`));
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }
}
