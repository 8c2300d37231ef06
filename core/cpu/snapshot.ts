import { bytes, defineState, type StateOf } from '../state/index.ts';
import { CONTROL, S, SEGMENT_BYTES, SEGMENT_COUNT, SSE, STATE, X87, X87_REGISTER_BYTES } from './layout.ts';

/** Architectural state by name: offset from STATE and length. What the engine keeps for itself is not in it. */
const PARTS = {
  gpr: [S.gpr, 128],
  rip: [S.rip, 8],
  flagsResult: [S.flagsResult, 8],
  flagsAux: [S.flagsAux, 4],
  eflags: [S.eflags, 4],
  intrPending: [S.intrPending, 4],
  shadow: [S.shadowRip, 12],
  segments: [S.segments, SEGMENT_BYTES * SEGMENT_COUNT],
  cr0: [CONTROL.cr0, 8],
  cr2: [CONTROL.cr2, 8],
  cr3: [CONTROL.cr3, 8],
  cr4: [CONTROL.cr4, 8],
  dr: [CONTROL.dr, 64],
  gdtr: [CONTROL.gdtrBase, 16],
  idtr: [CONTROL.idtrBase, 16],
  efer: [CONTROL.efer, 8],
  cpl: [CONTROL.cpl, 4],
  halted: [CONTROL.halted, 4],
  sysenter: [CONTROL.sysenterCs, 24],
  apicBase: [CONTROL.apicBase, 8],
  pat: [CONTROL.pat, 8],
  tscOffset: [CONTROL.tscOffset, 8],
  debugPending: [CONTROL.debugPending, 4],
  nmi: [CONTROL.nmi, 4],
  xmm: [SSE.xmm, 256],
  mxcsr: [SSE.mxcsr, 4],
  fpuRegisters: [X87.registers, 8 * X87_REGISTER_BYTES],
  fpuControl: [X87.control, 4],
  fpuStatus: [X87.status, 4],
  fpuTags: [X87.inUse, 4],
  fpuLast: [X87.opcode, 32],
  ferr: [X87.ferr, 4],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

export const CPU = defineState({
  name: 'cpu',
  version: 1,
  fields: {
    gpr: bytes(PARTS.gpr[1], { doc: 'RAX RCX RDX RBX RSP RBP RSI RDI R8-R15' }),
    rip: bytes(PARTS.rip[1]),
    flagsResult: bytes(PARTS.flagsResult[1], { doc: 'lazy arithmetic flags' }),
    flagsAux: bytes(PARTS.flagsAux[1]),
    eflags: bytes(PARTS.eflags[1]),
    intrPending: bytes(PARTS.intrPending[1], { doc: 'level of the INTR pin' }),
    shadow: bytes(PARTS.shadow[1], { doc: 'rip after STI or a load of SS' }),
    segments: bytes(PARTS.segments[1], { doc: 'ES CS SS DS FS GS LDTR TR with their hidden parts' }),
    cr0: bytes(PARTS.cr0[1]),
    cr2: bytes(PARTS.cr2[1]),
    cr3: bytes(PARTS.cr3[1]),
    cr4: bytes(PARTS.cr4[1]),
    dr: bytes(PARTS.dr[1]),
    gdtr: bytes(PARTS.gdtr[1]),
    idtr: bytes(PARTS.idtr[1]),
    efer: bytes(PARTS.efer[1]),
    cpl: bytes(PARTS.cpl[1]),
    halted: bytes(PARTS.halted[1]),
    sysenter: bytes(PARTS.sysenter[1]),
    apicBase: bytes(PARTS.apicBase[1]),
    pat: bytes(PARTS.pat[1]),
    tscOffset: bytes(PARTS.tscOffset[1]),
    debugPending: bytes(PARTS.debugPending[1], { doc: 'debug traps that wait' }),
    nmi: bytes(PARTS.nmi[1], { doc: 'bit 0: an NMI waits, bit 1: until the next IRET it has to' }),
    xmm: bytes(PARTS.xmm[1], { doc: 'XMM0 to XMM15' }),
    mxcsr: bytes(PARTS.mxcsr[1]),
    fpuRegisters: bytes(PARTS.fpuRegisters[1], { doc: 'R0 to R7, 16 bytes each' }),
    fpuControl: bytes(PARTS.fpuControl[1]),
    fpuStatus: bytes(PARTS.fpuStatus[1]),
    fpuTags: bytes(PARTS.fpuTags[1], { doc: 'a bit for each register in use' }),
    fpuLast: bytes(PARTS.fpuLast[1], { doc: 'opcode and addresses of the last instruction' }),
    ferr: bytes(PARTS.ferr[1], { doc: 'level of FERR#' }),
  },
});

/** The fields as windows onto linear memory: saving reads the processor's own words, loading writes them. */
export function cpuStateView(buffer: ArrayBufferLike): StateOf<typeof CPU> {
  return Object.fromEntries(
    Object.entries(PARTS).map(([name, [offset, length]]) => [name, new Uint8Array(buffer, STATE + offset, length)]),
  ) as StateOf<typeof CPU>;
}
