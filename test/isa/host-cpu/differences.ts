/**
 * Where Intel and AMD processors leave different things behind and the manuals leave it open: the core follows one of
 * them, and on a host of the other kind the named flags (or words) are not compared. Nothing else is ever left out.
 */
import type { HostResult } from './native.ts';

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

export const VENDOR_DIFFERENCES: readonly VendorDifference[] = [];

/** Flags that are not compared for this mnemonic on this host. */
export function ignoredFlags(mnemonic: string, host: string, result: HostResult): number {
  let flags = 0;
  for (const difference of VENDOR_DIFFERENCES) {
    if (!difference.mnemonics.includes(mnemonic)) continue;
    if (difference.host !== undefined && difference.host !== host) continue;
    if (difference.when?.(result) ?? true) flags |= difference.flags;
  }
  return flags;
}
