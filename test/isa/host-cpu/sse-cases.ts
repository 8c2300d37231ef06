/** Every form of every MMX and SSE instruction, with vectors of integers, numbers or text in registers and memory. */
import { encodings, rows } from '../../../core/isa/opcode-map.ts';
import { Operands, randomWords } from '../../../core/cpu/softfloat/operands.fixture.ts';
import type { Form } from './forms.ts';
import { makeCase } from './generator.ts';
import { mixSeed } from './random.ts';
import { DATA, DATA_SIZE, FPU_BYTES, SSE_BYTES, type HostCase } from './stream.ts';

/** FXSAVE has tests of its own, MONITOR and MWAIT depend on what CPUID reports. */
const EXCLUDED = ['FXSAVE', 'FXRSTOR', 'MONITOR', 'MWAIT'];
/** Their results are the vendor's tables. */
const APPROXIMATIONS = ['RCPPS', 'RCPSS', 'RSQRTPS', 'RSQRTSS'];
const MXCSR = 128;
const MXCSR_DEFAULT = 0x1f80;
const P66 = 2;
const EAX = 0, EDX = 2, EDI = 7; // prettier-ignore

export const approximationForms = (): Form[] =>
  vectorForms().filter(({ row }) => APPROXIMATIONS.includes(row.mnemonic));
export const sseForms = (): Form[] => vectorForms().filter(({ row }) => !APPROXIMATIONS.includes(row.mnemonic));

function vectorForms(): Form[] {
  return rows.flatMap((row, id) => {
    const encoding = encodings[id];
    const vector =
      row.operands.some(({ kind }) => 'PQNVWU'.includes(kind)) ||
      /^(LD|ST)MXCSR$|FENCE$|^EMMS$|^CLFLUSH$|^MOVNTI$/.test(row.mnemonic);
    if (!vector || row.only64 || row.feature === 'fxsr' || EXCLUDED.includes(row.mnemonic)) return [];
    const places = encoding.hasModrm
      ? [...(encoding.modMask & 1 ? [true] : []), ...(encoding.modMask & 2 ? [false] : [])]
      : [false];
    const text = [row.mnemonic, ...row.operands.map(({ kind, size, fixed }) => fixed ?? kind + size)].join(' ');
    return places.map((memory) => ({
      name: `${text} ${memory ? 'mem' : 'reg'}`,
      row, encoding, operandSize: encoding.prefixMask === P66 ? 2 : 4, addressSize: 4, memory, rep: 0, alignment: 16,
    } as const)); // prettier-ignore
  });
}

type Fill = (ops: Operands, view: DataView, at: number) => void;

const integers: Fill = (ops, view, at) => {
  for (let i = 0; i < 16; i += 4) {
    const value = ops.below(0x1_0000_0000);
    const corner = ops.pick([
      0, 0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 0x8000_8000, 0x7fff_7fff, 0x8080_8080, 0x7f7f_7f7f, 0x0001_0001, 5, 16,
      33,
    ]);
    view.setUint32(at + i, ops.below(3) === 0 ? corner : value, true);
  }
};
/** Few letters, so that texts have parts in common; zeros end some. */
const text: Fill = (ops, view, at) => {
  const letters = ops.below(4) === 0 ? 256 : 4;
  for (let i = 0; i < 16; i++) view.setUint8(at + i, ops.below(12) === 0 ? 0 : 0x60 + ops.below(letters));
};
/** Small integers, halves and numbers of like size: what ordinary programs compute with. */
const ordinary = (ops: Operands): number =>
  ops.pick([
    0,
    1,
    -1,
    0.5,
    ops.below(2000) - 1000,
    ops.below(100) / 8,
    ops.below(1 << 30) / 12345,
    -ops.below(1 << 30) / 678,
    2 ** (ops.below(40) - 20),
  ]);

function numbers(size: 4 | 8, special: number): Fill {
  return (ops, view, at) => {
    for (let i = 0; i < 16; i += size) {
      if (ops.below(100) < special) (size === 4 ? ops.float32 : ops.float64).call(ops, view, at + i);
      else if (size === 4) view.setFloat32(at + i, ordinary(ops), true);
      else view.setFloat64(at + i, ordinary(ops), true);
    }
  };
}

function fillFor(mnemonic: string, ops: Operands): Fill {
  if (/^PCMP[EI]STR/.test(mnemonic)) return text;
  if (/(PS|SS|PS2P[DI]|SS2SI|SS2SD|PS2DQ)$/.test(mnemonic)) return numbers(4, ops.pick([0, 0, 5, 30, 100]));
  if (/(PD|SD|PD2P[SI]|SD2SI|SD2SS|PD2DQ)$/.test(mnemonic)) return numbers(8, ops.pick([0, 0, 5, 30, 100]));
  return integers;
}

function mxcsr(ops: Operands): number {
  const flags = ops.below(3) === 0 ? 0 : ops.below(64);
  return (ops.below(2) === 0 ? MXCSR_DEFAULT : ops.mxcsr()) | flags;
}

function sseImage(ops: Operands, fill: Fill): Uint8Array {
  const image = new Uint8Array(SSE_BYTES);
  const view = new DataView(image.buffer);
  for (let i = 0; i < 8; i++) {
    fill(ops, view, i * 16);
    if (i > 0 && ops.below(6) === 0) image.copyWithin(i * 16, (i - 1) * 16, i * 16);
  }
  view.setUint32(MXCSR, mxcsr(ops), true);
  return image;
}

/** Any TOP and tags; the exception that waits now and then is what MMX reports too. */
function fpuImage(ops: Operands, fill: Fill): Uint8Array {
  const image = new Uint8Array(FPU_BYTES);
  const view = new DataView(image.buffer);
  view.setUint16(0, 0x037f, true);
  if (ops.below(20) === 0) view.setUint16(0, 0x0360, true);
  view.setUint16(4, (ops.below(8) << 11) | (ops.below(64) & (ops.below(20) === 0 ? 0x3f : 0)), true);
  view.setUint16(8, ops.pick([0xffff, 0, ops.below(0x10000)]), true);
  const scratch = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 8; i++) {
    fill(ops, scratch, 0);
    image.set(new Uint8Array(scratch.buffer, 0, 8), 28 + i * 10);
    view.setUint16(28 + i * 10 + 8, ops.below(0x10000), true);
  }
  return image;
}

export const usesMmx = ({ row }: Form): boolean =>
  row.feature === 'mmx' || row.operands.some(({ kind }) => 'PQN'.includes(kind));

export function makeSseCase(form: Form, seed: number): HostCase {
  const base = makeCase(form, seed);
  const ops = new Operands(randomWords(seed));
  const { mnemonic, operands } = form.row;
  const fill = fillFor(mnemonic, ops);
  const sse = sseImage(ops, fill);
  const regs = [...base.regs];
  if (mnemonic.startsWith('MASKMOV')) regs[EDI] = DATA + DATA_SIZE / 2 + ops.below(64);
  if (mnemonic.startsWith('PCMPESTR') && !form.memory) for (const n of [EAX, EDX]) regs[n] = ops.below(40) - 20;
  const memory = new DataView(new ArrayBuffer(16));
  fill(ops, memory, 0);
  // shift counts
  if (/^PS[LR][LA]/.test(mnemonic) && ops.below(4) !== 0) {
    memory.setUint32(0, ops.below(70), true);
    memory.setUint32(4, 0, true);
    sse.set(new Uint8Array(memory.buffer), ops.below(8) * 16);
  }
  if (mnemonic === 'LDMXCSR') memory.setUint32(0, ops.below(4) === 0 ? ops.below(0x20000) : mxcsr(ops), true);
  if (mnemonic.startsWith('CVTSI2') || mnemonic.startsWith('CVTPI2') || mnemonic.startsWith('CVTDQ2')) {
    for (let i = 0; i < 8; i++) for (let at = 0; at < 16; at += 8) ops.integer(new DataView(sse.buffer), i * 16 + at);
    ops.integer(memory, 0);
    ops.integer(memory, 8);
  }
  const bytes =
    operands.some(({ kind }) => 'EMQW'.includes(kind)) && form.memory
      ? Array.from(new Uint8Array(memory.buffer))
      : base.patch.bytes;
  const fpu = usesMmx(form) ? { fpu: fpuImage(ops, fill) } : {};
  return { ...base, regs: regs.map((value) => value >>> 0), patch: { offset: base.patch.offset, bytes }, sse, ...fpu };
}

const SEQUENCE_BYTES = 24;
/** Registers alone, so that no instruction depends on an address that an earlier one has changed; nothing vendors differ in. */
export const sequenceForms = (): Form[] =>
  sseForms().filter(({ row, memory }) => !memory && !/^MASKMOV|^CVT(PI2P|T?P[SD]2PI)/.test(row.mnemonic));

/** Several instructions in a row: flags that stay, registers that both files share, what the first leaves for the next. */
export function makeSseSequence(forms: readonly Form[], seed: number): HostCase {
  const ops = new Operands(randomWords(seed));
  const code: number[] = [];
  for (let i = ops.below(5) + 2; i > 0; i--) {
    const { code: next } = makeCase(ops.pick(forms), mixSeed(seed, i));
    if (code.length + next.length <= SEQUENCE_BYTES) code.push(...next);
  }
  const fill = ops.pick([integers, numbers(4, 2), numbers(8, 2)]);
  return { ...makeCase(forms[0], seed), code, sse: sseImage(ops, fill), fpu: fpuImage(ops, fill) };
}
