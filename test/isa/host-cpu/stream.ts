/** Cases and results as bytes, in the layouts of native.c and qemu.asm. */

export const DATA = 0x8000;
export const DATA_SIZE = 0x2000;
export const CODE_PAGE = 0xc000;
export const CODE_PAGE_SIZE = 0x1000;
export const CODE = 0xc800;
/** The longest case. */
export const CODE_BYTES = 96;
const PATCH_BYTES = 32;
/** The image of FNSAVE in 32-bit protected mode. */
export const FPU_BYTES = 108;
/** XMM0 to XMM7, MXCSR. */
export const SSE_BYTES = 132;
/** Of a case, before its code. */
const WORDS = 13;
const NO_VECTOR = 0xffffffff;

export interface HostCase {
  /** eax ecx edx ebx esp ebp esi edi. */
  readonly regs: readonly number[];
  readonly eflags: number;
  readonly code: readonly number[];
  /** Bytes put into the data area before the case; they stay for the cases after it. */
  readonly patch: { readonly offset: number; readonly bytes: readonly number[] };
  /** What FRSTOR loads before the case, FPU_BYTES; the result then has what FNSAVE stores after it. */
  readonly fpu?: Uint8Array;
  /** Vector registers before the case, SSE_BYTES; the result then has those after it. */
  readonly sse?: Uint8Array;
}

export interface HostResult {
  /** The exception's vector; undefined when execution went on at `eip`. */
  readonly vector: number | undefined;
  readonly errorCode: number;
  readonly regs: readonly number[];
  readonly eip: number;
  readonly eflags: number;
  /** That a page fault names. */
  readonly address?: number;
  /** Offset in the data area and the new value, ascending. */
  readonly changes: readonly (readonly [offset: number, value: number])[];
  readonly fpu?: Uint8Array;
  readonly sse?: Uint8Array;
}

export interface HostSelectors {
  readonly es: number;
  readonly cs: number;
  readonly ss: number;
  readonly ds: number;
  readonly fs: number;
  readonly gs: number;
}

/** A case with the address of its code, CODE unless it was translated. */
export interface PlacedCase extends HostCase {
  readonly start: number;
}

export interface StreamOfResults {
  readonly selectors: HostSelectors;
  readonly results: readonly HostResult[];
  /** Bytes that they took. */
  readonly length: number;
}

export function encodeCases(image: Uint8Array, cases: readonly PlacedCase[]): Buffer {
  const record = WORDS * 4 + CODE_BYTES + PATCH_BYTES + 4 + FPU_BYTES + 4 + SSE_BYTES;
  const out = Buffer.alloc(4 + DATA_SIZE + cases.length * record);
  out.writeUInt32LE(cases.length, 0);
  out.set(image, 4);
  let at = 4 + DATA_SIZE;
  for (const { regs, eflags, start, code, patch, fpu, sse } of cases) {
    if (code.length > CODE_BYTES || patch.bytes.length > PATCH_BYTES) throw new RangeError('case too long');
    if (patch.offset < 0 || patch.offset + patch.bytes.length > DATA_SIZE)
      throw new RangeError('patch outside the data area');
    const words = [...regs, eflags, start, code.length, patch.offset, patch.bytes.length];
    for (const [i, word] of words.entries()) out.writeUInt32LE(word >>> 0, at + i * 4);
    out.set(code, at + WORDS * 4);
    out.set(patch.bytes, at + WORDS * 4 + CODE_BYTES);
    if (fpu) {
      out.writeUInt32LE(1, at + record - SSE_BYTES - 8 - FPU_BYTES);
      out.set(fpu, at + record - SSE_BYTES - 4 - FPU_BYTES);
    }
    if (sse) {
      out.writeUInt32LE(1, at + record - SSE_BYTES - 4);
      out.set(sse, at + record - SSE_BYTES);
    }
    at += record;
  }
  return out;
}

const INT3_LENGTH = 1;
const BREAKPOINT = 3;
export const PAGE_FAULT = 14;

export function decodeResults(out: Buffer, cases: readonly PlacedCase[]): StreamOfResults {
  const [es, cs, ss, ds, fs, gs] = [0, 2, 4, 6, 8, 10].map((offset) => out.readUInt16LE(offset));
  const results: HostResult[] = [];
  let at = 12;
  for (const { start, code, fpu, sse } of cases) {
    const word = (index: number): number => out.readUInt32LE(at + index * 4);
    const raw = { vector: word(0), errorCode: word(1), eip: word(10), eflags: word(11), address: word(12) };
    const regs = [2, 3, 4, 5, 6, 7, 8, 9].map(word);
    const count = word(13);
    at += 14 * 4;
    const changes = Array.from({ length: count }, (_, i) => [word(i) >>> 8, word(i) & 0xff] as const);
    at += count * 4;
    const fpuAfter = fpu && Uint8Array.from(out.subarray(at, at + FPU_BYTES));
    if (fpuAfter) at += FPU_BYTES;
    const sseAfter = sse && Uint8Array.from(out.subarray(at, at + SSE_BYTES));
    if (sseAfter) at += SSE_BYTES;
    // a jump to the INT3s around the case is not an exception of the case
    const landed = raw.eip - INT3_LENGTH;
    const inCase = landed >= start && landed < start + code.length;
    const escaped = raw.vector === BREAKPOINT && !inCase;
    results.push({
      vector: raw.vector === NO_VECTOR || escaped ? undefined : raw.vector,
      errorCode: escaped ? 0 : raw.errorCode,
      eip: escaped ? landed : raw.eip,
      eflags: raw.eflags,
      ...(raw.vector === PAGE_FAULT ? { address: raw.address } : {}),
      regs,
      changes,
      ...(fpuAfter ? { fpu: fpuAfter } : {}),
      ...(sseAfter ? { sse: sseAfter } : {}),
    });
  }
  return { selectors: { es, cs, ss, ds, fs, gs }, results, length: at };
}
