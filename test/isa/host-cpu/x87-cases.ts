/** Every form of every x87 instruction, with register stacks and memory operands at the corners of the formats. */
import { encodings, rows } from '../../../core/isa/opcode-map.ts';
import { Operands, randomWords } from '../../../core/cpu/softfloat/operands.fixture.ts';
import type { Form } from './forms.ts';
import { makeCase } from './generator.ts';
import { FPU_BYTES, type HostCase } from './stream.ts';

const REGISTERS = 28;
const REGISTER_BYTES = 10;
const EXCEPTIONS = 0x3f;
const STACK_FAULT = 0x40;
const CONDITIONS = 0x4700;
const TOP_SHIFT = 11;
const WAIT = 0x9b;

export function x87Forms(): Form[] {
  return rows.flatMap((row, id) => {
    const encoding = encodings[id];
    const isX87 = encoding.map === 0 && ((encoding.opcode & 0xf8) === 0xd8 || encoding.opcode === WAIT);
    if (!isX87) return [];
    const places = [
      ...(encoding.hasModrm && encoding.modMask & 1 ? [true] : []),
      ...(encoding.modMask & 2 ? [false] : []),
    ];
    const image = row.operands.some(({ size }) => size === 'm28' || size === 'm108');
    const text = [row.mnemonic, ...row.operands.map(({ kind, size, fixed }) => fixed ?? kind + size)].join(' ');
    return places.flatMap((memory) =>
      (image ? ([4, 2] as const) : ([4] as const)).flatMap(
        (operandSize) =>
        (memory ? ([4, 2] as const) : ([4] as const)).map((addressSize) => ({
          name: `${text}${image ? ` o${operandSize * 8}` : ''}${memory ? ` a${addressSize * 8}` : ''}`,
          row, encoding, operandSize, addressSize, memory, rep: 0,
        })), // prettier-ignore
      ),
    );
  });
}

/** A register stack: often full or nearly, values of like magnitude next to each other. */
function fpuImage(ops: Operands): Uint8Array {
  const image = new Uint8Array(FPU_BYTES);
  const view = new DataView(image.buffer);
  const control = ops.below(4) === 0 ? ops.below(0x10000) : ops.below(3) === 0 ? 0x037f : ops.controlWord();
  const flags = ops.below(0x80);
  const masked = ops.below(12) === 0 ? flags : flags & (control | STACK_FAULT);
  view.setUint16(0, control, true);
  view.setUint16(
    4,
    (ops.below(8) << TOP_SHIFT) | (ops.below(0x10000) & CONDITIONS) | (masked & (EXCEPTIONS | STACK_FAULT)),
    true,
  );
  const odds = ops.pick([0, 0, 2, 8, 8, 30]);
  let tags = ops.pick([0, 0xffff, 0x5555, 0xaaaa]);
  if (odds > 0)
    for (let i = 0; i < 8; i++) tags = ops.below(odds) === 0 ? tags | (3 << (i * 2)) : tags & ~(3 << (i * 2));
  view.setUint16(8, tags, true);
  view.setUint32(12, ops.below(0x7fffffff), true);
  view.setUint16(16, ops.below(0x10000), true);
  view.setUint16(18, ops.below(0x800), true);
  view.setUint32(20, ops.below(0x7fffffff), true);
  view.setUint16(24, ops.below(0x10000), true);
  for (let i = 0; i < 8; i++) {
    const at = REGISTERS + i * REGISTER_BYTES;
    const near = i === 0 || ops.below(3) === 0 ? undefined : view.getUint16(at - 2, true);
    ops.x80(view, at, near);
  }
  return image;
}

/** Bytes of a memory operand of the row's kind. */
function operandBytes(form: Form, ops: Operands, fpu: Uint8Array): number[] {
  const { mnemonic, operands } = form.row;
  const size = operands.find(({ kind }) => kind === 'M')!.size;
  const view = new DataView(new ArrayBuffer(32));
  const exponent = new DataView(fpu.buffer).getUint16(REGISTERS + 8, true) & 0x7fff;
  if (mnemonic === 'FBLD') ops.bcd(view, 0);
  else if (mnemonic === 'FLDCW') view.setUint16(0, ops.below(2) === 0 ? ops.controlWord() : ops.below(0x10000), true);
  else if (size === 'm28' || size === 'm108')
    for (let at = 0; at < 32; at += 2) view.setUint16(at, ops.below(0x10000), true);
  else if (size === 't') ops.x80(view, 0);
  else if (size === 'w' || mnemonic.startsWith('FI')) ops.integer(view, 0);
  else if (size === 'd') ops.float32(view, 0, exponent - 16383 + 127);
  else ops.float64(view, 0, exponent - 16383 + 1023);
  return Array.from(new Uint8Array(view.buffer));
}

/** Instructions with a domain: how far ST(0) and ST(1) may be from it, as the exponent and its span. */
const DOMAINS: Readonly<Record<string, readonly (readonly [least: number, span: number])[]>> = {
  FSIN: [[0x3fb0, 0x90]], FCOS: [[0x3fb0, 0x90]], FSINCOS: [[0x3fb0, 0x90]], FPTAN: [[0x3fb0, 0x90]],
  // beyond these the result is undefined
  F2XM1: [[0x3fb0, 0x4f]], FYL2XP1: [[0x3fb0, 0x4d]],
  FSCALE: [[0x3fb0, 0x90], [0x3ff0, 0x1e]],
}; // prettier-ignore

function intoDomain(form: Form, ops: Operands, fpu: Uint8Array): void {
  const { mnemonic } = form.row;
  const view = new DataView(fpu.buffer);
  const bounded = mnemonic === 'F2XM1' || mnemonic === 'FYL2XP1';
  for (const [i, [least, span]] of (DOMAINS[mnemonic] ?? []).entries())
    if (bounded || ops.below(4) !== 0) ops.x80Within(view, REGISTERS + i * REGISTER_BYTES, least, span);
}

export function makeX87Case(form: Form, seed: number): HostCase {
  const base = makeCase(form, seed);
  const ops = new Operands(randomWords(seed));
  const fpu = fpuImage(ops);
  intoDomain(form, ops, fpu);
  if (!form.memory) return { ...base, fpu };
  return { ...base, fpu, patch: { offset: base.patch.offset, bytes: operandBytes(form, ops, fpu) } };
}
