/**
 * Where Intel and AMD processors leave different things behind and the manuals leave it open: the core follows one of
 * them, and on a host of the other kind, and on QEMU, the named flags (or words) are not compared. Nothing else is ever
 * left out. And where QEMU does other than the manual says.
 */
import { PREFIXES } from './long-mode.ts';
import { CODE, type HostCase, type HostResult } from './stream.ts';
import type { Truth } from './truth.ts';

export const FLAG = { CF: 1, PF: 4, AF: 0x10, ZF: 0x40, SF: 0x80, OF: 0x800 } as const;

export interface VendorDifference {
  readonly mnemonics: readonly string[];
  /** The host that does not do as the core does; undefined: either may differ between generations. */
  readonly host: 'GenuineIntel' | 'AuthenticAMD' | undefined;
  readonly flags: number;
  readonly reason: string;
  /** Only where this holds of the host's result. */
  readonly when?: (result: HostResult) => boolean;
}

const { CF, PF, AF, ZF, SF, OF } = FLAG;

/**
 * The core leaves undefined flags as AMD's Zen processors do (measured with this program): one rule for each, exact
 * there, but where its generations differ. Intel's leave other values in them.
 */
export const VENDOR_DIFFERENCES: readonly VendorDifference[] = [
  {
    mnemonics: ['SHL', 'SHR', 'SAR', 'SHLD', 'SHRD'],
    host: 'GenuineIntel',
    flags: AF | OF,
    reason: 'AF is undefined, OF for counts above 1; Zen sets AF for any count but 0',
  },
  {
    mnemonics: ['ROL', 'ROR', 'RCL', 'RCR'],
    host: 'GenuineIntel',
    flags: OF,
    reason: 'OF is undefined for counts above 1; Zen computes it as for 1',
  },
  {
    mnemonics: ['MUL', 'IMUL'],
    host: 'GenuineIntel',
    flags: SF | ZF | AF | PF,
    reason: 'undefined; Zen leaves them as they were',
  },
  {
    mnemonics: ['DIV', 'IDIV'],
    host: 'GenuineIntel',
    flags: CF | OF | SF | ZF | AF | PF,
    reason: 'undefined; Zen clears SF, ZF and PF, sets AF, leaves CF and OF',
  },
  {
    mnemonics: ['BSF', 'BSR'],
    host: undefined,
    flags: CF | OF | SF | AF | PF,
    reason: 'undefined; some of Zen clear CF, OF, SF and AF, with PF of the index; Zen 3 leaves them as they were',
  },
  {
    mnemonics: ['AAA', 'AAS'],
    host: 'GenuineIntel',
    flags: OF | SF | ZF | PF,
    reason: 'undefined; on Zen those of adding 106h to (taking it from) AX, or 0, before AL is masked',
  },
  { mnemonics: ['DAA', 'DAS'], host: 'GenuineIntel', flags: OF, reason: 'undefined; on Zen that of one correction' },
  {
    mnemonics: ['AAD'],
    host: 'GenuineIntel',
    flags: OF | AF | CF,
    reason: 'undefined; on Zen those of adding AH times the base to AL',
  },
  { mnemonics: ['AAM'], host: 'GenuineIntel', flags: OF | AF | CF, reason: 'undefined; Zen clears them' },
  {
    mnemonics: ['BT', 'BTS', 'BTR', 'BTC'],
    host: 'GenuineIntel',
    flags: OF | SF | AF | PF,
    reason: 'undefined; Zen leaves them as they were',
  },
  { mnemonics: ['AND', 'OR', 'XOR', 'TEST'], host: 'GenuineIntel', flags: AF, reason: 'undefined; Zen clears it' },
];

/** Whether a host of this vendor may do other than the core does. */
export const mayDiffer = ({ host }: VendorDifference, vendor: string): boolean => host === undefined || host === vendor;

/** Flags that are not compared for this mnemonic with this truth; `vendor` is that of the host's processor. */
export function ignoredFlags(mnemonic: string, vendor: string, truth: Truth, result: HostResult): number {
  let flags = 0;
  for (const difference of VENDOR_DIFFERENCES) {
    if (!difference.mnemonics.includes(mnemonic)) continue;
    // QEMU leaves flags that are undefined in a way of its own
    if (truth !== 'qemu' && !mayDiffer(difference, vendor)) continue;
    if (difference.when?.(result) ?? true) flags |= difference.flags;
  }
  return flags;
}

const LOCK = 0xf0;
const UNDEFINED_OPCODE = 6;

/**
 * QEMU's result as a processor has it. QEMU 7.2 executes LEA, JMP, BOUND and ARPL with a LOCK prefix. The SDM (volume 2,
 * LOCK) lists what may have one, and nothing on that list is left to QEMU: #UD.
 */
export function correctQemu(hostCase: HostCase, result: HostResult): HostResult {
  const { code, regs, eflags } = hostCase;
  const prefixes = code.slice(
    0,
    code.findIndex((byte) => !PREFIXES.includes(byte)),
  );
  if (!prefixes.includes(LOCK)) return result;
  return { vector: UNDEFINED_OPCODE, errorCode: 0, regs, eip: CODE, eflags, changes: [] };
}
