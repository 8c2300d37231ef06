/** Compiles and runs native.c: the host's own processor as the reference. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const DATA = 0x8000;
export const DATA_SIZE = 0x2000;
export const CODE_PAGE = 0xc000;
export const CODE_PAGE_SIZE = 0x1000;
export const CODE = 0xc800;
const CODE_BYTES = 32;
const PATCH_BYTES = 32;
/** The image of FNSAVE in 32-bit protected mode. */
export const FPU_BYTES = 108;
/** XMM0 to XMM7, MXCSR. */
export const SSE_BYTES = 132;
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

export interface HostRun {
  readonly selectors: HostSelectors;
  readonly results: readonly HostResult[];
}

const COMPILE_ADVICE = 'install gcc and gcc-multilib (Debian) to compile 32-bit programs';

let program: string | undefined;

/** Compiles once per process. Throws when the compiler is missing: a missing tool must fail the test. */
function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'terrarium-host-cpu-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const target = join(folder, 'native');
  const source = fileURLToPath(new URL('native.c', import.meta.url));
  const flags = ['-m32', '-O1', '-no-pie', '-fno-pie', '-fcf-protection=none', '-Wall', '-Wextra', '-Werror'];
  const compiler = spawnSync('gcc', [...flags, '-o', target, source], { encoding: 'utf8' });
  if (compiler.error) throw new Error(`gcc: ${compiler.error.message}; ${COMPILE_ADVICE}`);
  if (compiler.status !== 0) throw new Error(`${compiler.stderr}\n${COMPILE_ADVICE}`);
  return target;
}

/** Throws when the program cannot run or a case escaped. */
export function runOnHost(image: Uint8Array, cases: readonly HostCase[]): HostRun {
  program ??= compile();
  const run = spawnSync(program, [], { input: encodeCases(image, cases), maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`native ended with ${run.status ?? run.signal}: ${run.stderr.toString()}`);
  return decodeResults(run.stdout, cases);
}

function encodeCases(image: Uint8Array, cases: readonly HostCase[]): Buffer {
  const record = 12 * 4 + CODE_BYTES + PATCH_BYTES + 4 + FPU_BYTES + 4 + SSE_BYTES;
  const out = Buffer.alloc(4 + DATA_SIZE + cases.length * record);
  out.writeUInt32LE(cases.length, 0);
  out.set(image, 4);
  let at = 4 + DATA_SIZE;
  for (const { regs, eflags, code, patch, fpu, sse } of cases) {
    if (code.length > CODE_BYTES || patch.bytes.length > PATCH_BYTES) throw new RangeError('case too long');
    if (patch.offset < 0 || patch.offset + patch.bytes.length > DATA_SIZE)
      throw new RangeError('patch outside the data area');
    const words = [...regs, eflags, code.length, patch.offset, patch.bytes.length];
    for (const [i, word] of words.entries()) out.writeUInt32LE(word >>> 0, at + i * 4);
    out.set(code, at + 48);
    out.set(patch.bytes, at + 48 + CODE_BYTES);
    if (fpu) {
      out.writeUInt32LE(1, at + 48 + CODE_BYTES + PATCH_BYTES);
      out.set(fpu, at + 52 + CODE_BYTES + PATCH_BYTES);
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

function decodeResults(out: Buffer, cases: readonly HostCase[]): HostRun {
  const [es, cs, ss, ds, fs, gs] = [0, 2, 4, 6, 8, 10].map((offset) => out.readUInt16LE(offset));
  const results: HostResult[] = [];
  let at = 12;
  for (const { code, fpu, sse } of cases) {
    const word = (index: number): number => out.readUInt32LE(at + index * 4);
    const raw = { vector: word(0), errorCode: word(1), eip: word(10), eflags: word(11) };
    const regs = [2, 3, 4, 5, 6, 7, 8, 9].map(word);
    const count = word(12);
    at += 13 * 4;
    const changes = Array.from({ length: count }, (_, i) => [word(i) >>> 8, word(i) & 0xff] as const);
    at += count * 4;
    const fpuAfter = fpu && Uint8Array.from(out.subarray(at, at + FPU_BYTES));
    if (fpuAfter) at += FPU_BYTES;
    const sseAfter = sse && Uint8Array.from(out.subarray(at, at + SSE_BYTES));
    if (sseAfter) at += SSE_BYTES;
    // a jump to the INT3s around the case is not an exception of the case
    const landed = raw.eip - INT3_LENGTH;
    const inCase = landed >= CODE && landed < CODE + code.length;
    const escaped = raw.vector === BREAKPOINT && !inCase;
    results.push({
      vector: raw.vector === NO_VECTOR || escaped ? undefined : raw.vector,
      errorCode: escaped ? 0 : raw.errorCode,
      eip: escaped ? landed : raw.eip,
      eflags: raw.eflags,
      regs,
      changes,
      ...(fpuAfter ? { fpu: fpuAfter } : {}),
      ...(sseAfter ? { sse: sseAfter } : {}),
    });
  }
  return { selectors: { es, cs, ss, ds, fs, gs }, results };
}
