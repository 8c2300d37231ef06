/**
 * Every form of every integer instruction that user mode can execute (or is refused), derived from the opcode tables:
 * a row, times operand sizes, address sizes, register or memory, and REP.
 */
import { encodings, rows } from '../../../core/isa/opcode-map.ts';
import type { OpcodeRow } from '../../../core/isa/index.ts';
import type { Encoding } from '../../../core/isa/row-text.ts';

export interface Form {
  readonly name: string;
  readonly row: OpcodeRow;
  readonly encoding: Encoding;
  readonly operandSize: 2 | 4;
  readonly addressSize: 2 | 4;
  /** ModRM names memory. */
  readonly memory: boolean;
  /** 0, F2h or F3h before a string instruction. */
  readonly rep: number;
  /** What addresses of memory operands are mostly multiples of; 1 unless given. */
  readonly alignment?: number;
}

/**
 * Not compared here, with the reason. Their checks need descriptor tables of one's own, which test/guest/system has, or
 * their result depends on the host and not on the operands.
 */
const EXCLUDED: Readonly<Record<string, string>> = {
  SGDT: 'host state', SIDT: 'host state', SLDT: 'host state', STR: 'host state', SMSW: 'host state',
  CPUID: 'host identity', RDTSC: 'host time', RDPMC: 'host counters',
  VERR: 'descriptors', VERW: 'descriptors', LAR: 'descriptors', LSL: 'descriptors',
  LDS: 'descriptors', LES: 'descriptors', LSS: 'descriptors', LFS: 'descriptors', LGS: 'descriptors',
  CALLF: 'descriptors', JMPF: 'descriptors', RETF: 'descriptors', IRET: 'descriptors',
  INT: 'interrupt table', INT1: 'interrupt table', SYSENTER: 'system call', SYSEXIT: 'system call', RSM: 'SMM',
}; // prettier-ignore

/** Extensions of general registers that the tables hold and that are compared; everything else is base set or later. */
const FEATURES = ['', '486', 'pentium', 'cmov', 'cx8', 'popcnt', 'movbe', 'sse4.2', 'msr', 'hintnop', '3dnowprefetch'];
const INTEGER_KINDS = 'EMRGZIJOSCDXYK';
const SIZED_MNEMONICS = [
  'CBW', 'CWD', 'PUSHA', 'POPA', 'PUSHF', 'POPF', 'RET', 'ENTER', 'LEAVE', 'CALL', 'JMP', 'LOOP', 'LOOPE', 'LOOPNE', 'JCXZ',
]; // prettier-ignore
const ADDRESSED_MNEMONICS = ['XLAT', 'LOOP', 'LOOPE', 'LOOPNE', 'JCXZ'];

const isString = (row: OpcodeRow): boolean => row.operands.some(({ kind }) => kind === 'X' || kind === 'Y');
const loadsSegment = ({ mnemonic, operands }: OpcodeRow): boolean =>
  (mnemonic === 'MOV' && operands[0]?.kind === 'S') ||
  (mnemonic === 'POP' && /^[CDEFGS]S$/.test(operands[0]?.fixed ?? ''));

/** 0F 0D with a register operand: NOP on Intel, #UD on AMD. */
const vendorSpecific = ({ mnemonic, feature }: OpcodeRow): boolean => mnemonic === 'NOP' && feature === '3dnowprefetch';

function isCompared(row: OpcodeRow): boolean {
  return (
    !row.only64 &&
    FEATURES.includes(row.feature) &&
    !(row.mnemonic in EXCLUDED) &&
    !loadsSegment(row) &&
    !vendorSpecific(row) &&
    row.operands.every(({ kind }) => INTEGER_KINDS.includes(kind))
  );
}

function formsOf(row: OpcodeRow, encoding: Encoding): Form[] {
  const sized =
    SIZED_MNEMONICS.includes(row.mnemonic) ||
    row.mnemonic.startsWith('J') ||
    row.operands.some(
      ({ kind, size }) => (kind !== 'C' && kind !== 'D' && 'vzya'.includes(size) && size !== '') || kind === 'S',
    );
  const string = isString(row);
  const operandSizes = sized ? ([4, 2] as const) : ([4] as const);
  const places = !encoding.hasModrm
    ? [false]
    : [
        ...(encoding.anyMod || (encoding.modMask & 2) !== 0 ? [false] : []),
        ...((encoding.modMask & 1) !== 0 && !encoding.anyMod ? [true] : []),
      ];
  const reps = string ? [0, 0xf2, 0xf3] : [0];
  const addressed =
    string || ADDRESSED_MNEMONICS.includes(row.mnemonic) || row.operands.some(({ kind }) => kind === 'O');
  const text = [row.mnemonic, ...row.operands.map(({ kind, size, fixed }) => fixed ?? kind + size)].join(' ');
  return operandSizes.flatMap((operandSize) =>
    places.flatMap((memory) =>
      (memory || addressed ? ([4, 2] as const) : ([4] as const)).flatMap(
        (addressSize) =>
        reps.map((rep) => ({
          name: [
            text,
            ...(sized ? [`o${operandSize * 8}`] : []),
            ...(memory || addressed ? [`a${addressSize * 8}`] : []),
            ...(encoding.hasModrm ? [memory ? 'mem' : 'reg'] : []),
            ...(rep === 0xf2 ? ['repne'] : rep === 0xf3 ? ['rep'] : []),
          ].join(' '),
          row, encoding, operandSize, addressSize, memory, rep,
        })), // prettier-ignore
      ),
    ),
  );
}

export function allForms(): Form[] {
  return rows.flatMap((row, id) => (isCompared(row) ? formsOf(row, encodings[id]) : []));
}
