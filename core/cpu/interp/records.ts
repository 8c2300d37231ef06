/** Decoded instructions as handlers read them: the fields of R. */
import type { Instruction, OpcodeRow } from '../../isa/index.ts';
import { encodings } from '../../isa/opcode-map.ts';
import { R, RECORD_BYTES, S, STATE, gprAddress, mmxAddress, segmentAddress, xmmAddress } from '../layout.ts';
import { mayNameSegment, overridable, segmentOperand } from './form.ts';

/** Address in linear memory of the register that an operand is; 0 where it is none. */
type RegisterOf = (insn: Instruction) => number;

const none: RegisterOf = () => 0;
const byRm =
  (size: string): RegisterOf =>
  (insn) =>
    registerAddress(insn, insn.rm, size);
const unlessMemory =
  (register: RegisterOf): RegisterOf =>
  (insn) =>
    insn.hasMemory ? 0 : register(insn);

/** By the kinds of the opcode map; immediates, memory and segments have fields of their own. */
const REGISTERS: Readonly<Record<string, (size: string) => RegisterOf>> = {
  E: (size) => unlessMemory(byRm(size)),
  R: byRm,
  G: (size) => (insn) => registerAddress(insn, insn.reg, size),
  Z: (size) => (insn) => registerAddress(insn, insn.opcodeReg, size),
  P: () => (insn) => mmxAddress(insn.reg & 7),
  Q: () => unlessMemory((insn) => mmxAddress(insn.rm & 7)),
  N: () => unlessMemory((insn) => mmxAddress(insn.rm & 7)),
  V: () => (insn) => xmmAddress(insn.reg),
  W: () => unlessMemory((insn) => xmmAddress(insn.rm)),
  U: () => unlessMemory((insn) => xmmAddress(insn.rm)),
};

/** What a row says of the records of its instructions. */
interface RowFields {
  readonly first: RegisterOf;
  readonly second: RegisterOf;
  /** Some operand may be a segment register. */
  readonly segments: boolean;
  /** What R.imm holds. */
  readonly imm: (insn: Instruction, nextOffset: number) => number;
  readonly popsMemory: boolean;
  readonly escape: boolean;
}

function fieldsOf(row: OpcodeRow): RowFields {
  const [first, second] = [0, 1].map((i) => {
    const operand = row.operands[i];
    return (operand && REGISTERS[operand.kind]?.(operand.size)) ?? none;
  });
  const has = (...kinds: string[]): boolean => row.operands.some(({ kind }) => kinds.includes(kind));
  return {
    first,
    second,
    segments: mayNameSegment(row),
    imm: has('J')
      ? (insn, nextOffset) => nextOffset + relativeDisplacement(insn)
      : has('C', 'D')
        ? (insn) => insn.reg
        : has('T')
          ? (insn) => insn.rm
          : (insn) => insn.imm,
    popsMemory: row.mnemonic === 'POP' && has('E'),
    escape: encodings[row.id].map === 0 && (encodings[row.id].opcode & 0xf8) === 0xd8, // x87: D8 to DF
  };
}

const fieldsByRow: (RowFields | undefined)[] = [];

/** Writes all but the handler and R.remaining. Offsets are those of the instruction and of the next in their page. */
export function writeRecord(
  view: DataView,
  record: number,
  insn: Instruction,
  offset: number,
  nextOffset: number,
): void {
  const { row } = insn;
  const fields = (fieldsByRow[row.id] ??= fieldsOf(row));
  view.setUint32(record + R.reg1, fields.first(insn), true);
  view.setUint32(record + R.reg2, fields.second(insn), true);
  if (fields.segments)
    for (let i = 0; i < 3; i++) {
      const segment = segmentOperand(insn, i);
      if (segment >= 0) view.setUint32(record + (i === 0 ? R.reg1 : R.reg2), segmentAddress(segment), true);
    }
  const zero = STATE + S.zero;
  view.setUint32(record + R.base, insn.hasMemory && insn.base >= 0 ? gprAddress(insn.base) : zero, true);
  view.setUint32(record + R.index, insn.hasMemory && insn.index >= 0 ? gprAddress(insn.index) : zero, true);
  // POP to memory addresses by the stack pointer it leaves.
  const popped = fields.popsMemory && insn.hasMemory && insn.base === 4 ? insn.operandSize : 0;
  view.setInt32(record + R.disp, (insn.disp + popped) | 0, true);
  view.setInt32(record + R.imm, fields.imm(insn, nextOffset) | 0, true);
  view.setInt32(record + R.imm2, fields.escape ? escapeOpcode(insn) : insn.imm2 | 0, true);
  const segment = overridable(insn);
  view.setUint32(record + R.segment, segmentAddress(segment), true);
  view.setUint32(record + R.lastBlock, 0, true);
  view.setUint8(record + R.segmentIndex, segment);
  view.setUint8(record + R.scale, 31 - Math.clz32(insn.scale));
  view.setUint16(record + R.ipOffset, offset, true);
  view.setUint16(record + R.nextOffset, nextOffset, true);
}

export function clearRecord(view: DataView, record: number): void {
  for (let at = record; at < record + RECORD_BYTES; at += 4) view.setUint32(at, 0, true);
}

/** The opcode as the FPU keeps it: ModRM and three bits of the byte before it. */
const escapeOpcode = (insn: Instruction): number =>
  ((encodings[insn.row.id].opcode & 7) << 8) | (insn.mod << 6) | ((insn.reg & 7) << 3) | (insn.rm & 7);

export const hasRelative = (insn: Instruction): boolean => insn.row.operands[0]?.kind === 'J';

/** Displacement of a relative branch, signed. */
export function relativeDisplacement(insn: Instruction): number {
  const operand = insn.row.operands[0];
  if (operand?.kind !== 'J') return 0;
  if (operand.size === 'b') return (insn.imm << 24) >> 24;
  return insn.operandSize === 2 ? (insn.imm << 16) >> 16 : insn.imm | 0;
}

/** Address in linear memory of a general register; bytes 4 to 7 without REX are AH to BH. */
function registerAddress(insn: Instruction, number: number, size: string): number {
  if (size === 'b' && !insn.hasRex && number >= 4 && number < 8) return gprAddress(number - 4) + 1;
  return gprAddress(number);
}
