import type { IoBus, IoWidth } from '../bus/index.ts';
import { SEG } from '../isa/index.ts';
import type { CpuCounters } from './counters.ts';
import { cpuid, type Frequencies } from './cpuid.ts';
import type { DebugRegisters } from './debug.ts';
import { type Descriptors, SYSTEM_TYPE, isNull } from './descriptors.ts';
import { CpuFault, VECTOR, gp, selectorError, ud } from './fault.ts';
import type { FarTransfers } from './far.ts';
import type { SystemHelperTable } from './helpers.ts';
import { FLAG } from './insn/flags.ts';
import type { Interrupts } from './interrupts.ts';
import { CONTROL, S, SHADOW, SEG_LDTR, SEG_TR } from './layout.ts';
import type { CpuModel } from './models.ts';
import type { Mmu } from './mmu.ts';
import { CR0, CR4, type CpuState } from './state.ts';
import type { Tasks } from './tasks.ts';

/** What the helpers need of the rest of the processor and the board. */
export interface SystemParts {
  readonly state: CpuState;
  readonly mmu: Mmu;
  readonly descriptors: Descriptors;
  readonly tasks: Tasks;
  readonly far: FarTransfers;
  readonly interrupts: Interrupts;
  readonly counters: CpuCounters;
  readonly debug: DebugRegisters;
  readonly model: CpuModel;
  readonly frequencies: Frequencies;
  readonly io: IoBus;
  readonly localApic?: (() => { apicBase: number }) | undefined;
  /** What the time-stamp counter would be had nobody written to it: a whole number below 2^53. */
  readonly timeStamp: () => number;
  /** Makes the engine look at interrupts before the next instruction. */
  readonly kick: () => void;
}

const CR0_WRITABLE = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD | CR0.PG;
/** Bits of CR4, by the feature that brings them. */
const CR4_FEATURES: readonly (readonly [feature: string, bits: number])[] = [
  ['vme', CR4.VME | CR4.PVI],
  ['tsc', CR4.TSD],
  ['de', CR4.DE],
  ['pse', CR4.PSE],
  ['pae', CR4.PAE],
  ['cpuid', CR4.MCE],
  ['pge', CR4.PGE],
  ['pmc', CR4.PCE],
  ['fxsr', CR4.OSFXSR],
  ['sse', CR4.OSXMMEXCPT],
];
/** Changes of these need a fresh TLB. */
const CR0_MAPPING = CR0.PG | CR0.WP | CR0.PE;
const CR4_MAPPING = CR4.PSE | CR4.PAE | CR4.PGE;
const EFER_WRITABLE = 1n << 11n; // NXE; long mode comes later

const MSR = { TSC: 0x10, APIC_BASE: 0x1b, TSC_ADJUST: 0x3b, MISC_ENABLE: 0x1a0, SYSENTER_CS: 0x174, SYSENTER_ESP: 0x175, SYSENTER_EIP: 0x176, PAT: 0x277, EFER: 0xc000_0080 } as const; // prettier-ignore
/** REP MOVS and STOS are worth using: Linux asks. */
const FAST_STRINGS = 1n;
/** Registers that come with a feature; those of a Pentium have none here. */
const MSR_FEATURES: Readonly<Record<number, string>> = {
  [MSR.TSC_ADJUST]: 'tscAdjust',
  [MSR.SYSENTER_CS]: 'sep',
  [MSR.SYSENTER_ESP]: 'sep',
  [MSR.SYSENTER_EIP]: 'sep',
  [MSR.PAT]: 'pat',
  [MSR.EFER]: 'nx',
};
/** Memory type ranges and machine check: present in every Pentium Pro, read as zero, writes ignored. */
const QUIET_MSRS: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x01],
  [0x17, 0x17],
  [0x2a, 0x2a],
  [0x79, 0x79],
  [0x8b, 0x8b],
  [0xc1, 0xc2],
  [0xfe, 0xfe],
  [0x179, 0x17b],
  [0x186, 0x187],
  [0x1d9, 0x1de],
  [0x200, 0x20f],
  [0x250, 0x250],
  [0x258, 0x259],
  [0x268, 0x26f],
  [0x2ff, 0x2ff],
  [0x400, 0x417],
];

/** What checks privilege or changes the mode. */
export function systemHelpers(parts: SystemParts): SystemHelperTable {
  const { state, mmu, descriptors, tasks, far, interrupts, counters, debug, io, model } = parts;
  const { virtual } = interrupts;
  const has = (feature: string): boolean => model.features.has(feature);
  /** 0: the processor has no CR4. */
  const cr4Writable = CR4_FEATURES.reduce((all, [feature, bits]) => (has(feature) ? all | bits : all), 0);

  const requireLevel0 = (): void => {
    if (state.cpl !== 0) throw gp();
  };
  const requireProtected = (): void => {
    if (!state.usesDescriptors) throw ud();
  };
  /** Interrupts may be taken now that could not before, or single-stepping begins. */
  const lookAtInterrupts = (): void => {
    if (state.get(S.eflags) & FLAG.TF || state.nmiDue || (state.get(S.intrPending) && state.interruptsEnabled))
      parts.kick();
  };
  const setShadow = (rip: number, kind: number): void => {
    state.set(S.shadowRip, rip);
    state.set(S.shadowActive, kind);
  };

  /** A pseudo-descriptor: limit, then a base of 24 or 32 bits. */
  const storeTable =
    (base: number, limit: number) =>
    (offset: number, segment: number): void => {
      const user = state.cpl === 3;
      const linear = mmu.segmentAddress(segment, offset, 6, true);
      mmu.probeWrite(linear, 6, user);
      mmu.write(linear, 2, state.get(limit) & 0xffff, user);
      mmu.write((linear + 2) >>> 0, 4, state.get(base), user);
    };
  const loadTable =
    (base: number, limit: number) =>
    (offset: number, segment: number, width: number): void => {
      requireLevel0();
      const linear = mmu.segmentAddress(segment, offset, 6, false);
      const newLimit = mmu.read(linear, 2, false);
      const newBase = mmu.read((linear + 2) >>> 0, 4, false);
      state.set(limit, newLimit);
      state.set(base, width === 16 ? newBase & 0xff_ffff : newBase);
    };

  /** The descriptor that VERR, VERW, LAR and LSL may look at, or undefined. */
  const visible = (selector: number, systemTypes: readonly number[]) => {
    if (isNull(selector)) return undefined;
    const descriptor = descriptors.tryRead(selector);
    if (!descriptor) return undefined;
    if (descriptor.isSystem && !systemTypes.includes(descriptor.type)) return undefined;
    if (descriptor.isConforming) return descriptor;
    return Math.max(state.cpl, selector & 3) <= descriptor.dpl ? descriptor : undefined;
  };
  const setZero = (value: boolean): void => state.setArithmetic(FLAG.ZF, value ? FLAG.ZF : 0);

  const writeCr0 = (value: number): void => {
    if (value & CR0.PG && !(value & CR0.PE)) throw gp();
    if (value & CR0.NW && !(value & CR0.CD)) throw gp();
    const old = state.cr0;
    const next = ((value & CR0_WRITABLE) | CR0.ET) >>> 0;
    state.set(CONTROL.cr0, next);
    if ((old ^ next) & CR0_MAPPING) mmu.flush();
    else mmu.updateMode();
  };
  const controlRegisters: Readonly<Record<number, (value: number) => void>> = {
    0: writeCr0,
    2: (value) => state.set(CONTROL.cr2, value),
    3: (value) => {
      state.set(CONTROL.cr3, value);
      mmu.flushLocal();
    },
    4: (value) => {
      if (value & ~cr4Writable) throw gp();
      const old = state.cr4;
      state.set(CONTROL.cr4, value);
      if ((old ^ value) & CR4_MAPPING) mmu.flush();
      if ((old ^ value) & CR4.DE) debug.update();
    },
  };
  const controlOffsets: Readonly<Record<number, number>> = {
    0: CONTROL.cr0,
    2: CONTROL.cr2,
    3: CONTROL.cr3,
    4: CONTROL.cr4,
  };

  /** DR4 and DR5 are DR6 and DR7 unless CR4.DE says otherwise. */
  const debugRegister = (number: number): number => {
    if (number !== 4 && number !== 5) return number;
    if (state.cr4 & CR4.DE) throw ud();
    return number + 2;
  };
  const checkDebugAccess = (): void => {
    requireLevel0();
    if (debug.guards()) throw new CpuFault(VECTOR.DB);
  };

  /** The counter as two words, the written offset included. Without BigInt: guests read it by the million. */
  const timeStamp = (): { low: number; high: number } => {
    const ticks = parts.timeStamp();
    const word = ticks % 2 ** 32;
    const low = word + state.get(CONTROL.tscOffset);
    const high = (ticks - word) / 2 ** 32 + state.get(CONTROL.tscOffset + 4) + (low >= 2 ** 32 ? 1 : 0);
    return { low: low >>> 0, high: high >>> 0 };
  };

  /** Undefined: there is no such register. */
  const readMsr = (number: number): bigint | undefined => {
    const feature = MSR_FEATURES[number];
    if (feature !== undefined && !has(feature)) return undefined;
    switch (number) {
      case MSR.TSC: {
        const { low, high } = timeStamp();
        return (BigInt(high) << 32n) | BigInt(low);
      }
      case MSR.MISC_ENABLE:
        return FAST_STRINGS;
      case MSR.TSC_ADJUST:
        return state.view.getBigUint64(CONTROL.tscOffset, true);
      case MSR.APIC_BASE:
        return parts.localApic ? BigInt(parts.localApic().apicBase) : state.view.getBigUint64(CONTROL.apicBase, true);
      case MSR.SYSENTER_CS:
        return BigInt(state.get(CONTROL.sysenterCs));
      case MSR.SYSENTER_ESP:
        return BigInt(state.get(CONTROL.sysenterEsp));
      case MSR.SYSENTER_EIP:
        return BigInt(state.get(CONTROL.sysenterEip));
      case MSR.PAT:
        return state.view.getBigUint64(CONTROL.pat, true);
      case MSR.EFER:
        return BigInt(state.get(CONTROL.efer));
      default:
        return QUIET_MSRS.some(([first, last]) => number >= first && number <= last) ? 0n : undefined;
    }
  };
  const writeMsr = (number: number, value: bigint): void => {
    if (readMsr(number) === undefined) throw gp();
    const low = Number(value & 0xffff_ffffn);
    switch (number) {
      case MSR.TSC:
        state.view.setBigInt64(CONTROL.tscOffset, BigInt.asIntN(64, value - BigInt(parts.timeStamp())), true);
        return;
      case MSR.TSC_ADJUST:
        state.view.setBigUint64(CONTROL.tscOffset, value, true);
        return;
      case MSR.APIC_BASE:
        if (parts.localApic) parts.localApic().apicBase = low;
        else state.view.setBigUint64(CONTROL.apicBase, value, true);
        return;
      case MSR.SYSENTER_CS:
        state.set(CONTROL.sysenterCs, low);
        return;
      case MSR.SYSENTER_ESP:
        state.set(CONTROL.sysenterEsp, low);
        return;
      case MSR.SYSENTER_EIP:
        state.set(CONTROL.sysenterEip, low);
        return;
      case MSR.PAT:
        state.view.setBigUint64(CONTROL.pat, value, true);
        return;
      case MSR.EFER:
        if (value & ~EFER_WRITABLE) throw gp();
        state.set(CONTROL.efer, low);
        mmu.flush();
        return;
      default: // quiet
    }
  };

  return {
    divideError: () => {
      throw new CpuFault(VECTOR.DE);
    },
    boundRangeExceeded: () => {
      throw new CpuFault(VECTOR.BR);
    },
    undefinedOpcode: () => {
      throw ud();
    },
    generalProtection: () => {
      throw gp();
    },

    loadSegment: (segment, selector, nextRip) => {
      descriptors.load(segment, selector);
      if (segment === SEG.SS) setShadow(nextRip, SHADOW.STACK);
      else descriptors.remember(segment, selector);
      mmu.updateMode();
    },
    farJump: (selector, offset) => far.jump(selector, offset >>> 0),
    farCall: (selector, offset, width) => far.call(selector, offset >>> 0, width),
    farReturn: (release, width) => far.return(release, width),
    interruptReturn: (width, nextRip) => {
      interrupts.return(width, nextRip >>> 0);
      lookAtInterrupts();
    },
    softwareInterrupt: (vector, nextRip) => {
      counters.count(vector, 'software');
      if (virtual.redirects(vector)) interrupts.deliverInside(vector, nextRip >>> 0);
      else interrupts.deliver(vector, 'software', nextRip >>> 0);
    },
    // INT3 and INTO do not look at IOPL.
    breakpoint: (vector, nextRip) => {
      counters.count(vector, 'software');
      interrupts.deliver(vector, 'software', nextRip >>> 0);
    },
    debugTrap: (nextRip) => interrupts.deliver(VECTOR.DB, 'trap', nextRip >>> 0),

    readEflags: (width) => {
      const image = virtual.virtualizesFlags(width) ? virtual.imageOf(state.eflags) : state.eflags;
      return image & ~(FLAG.VM | FLAG.RF);
    },
    writeEflags: (image, width) => {
      const old = state.eflags;
      if (virtual.virtualizesFlags(width)) state.eflags = virtual.merge(image >>> 0);
      else {
        const unaffected = FLAG.RF | FLAG.VIF | FLAG.VIP;
        const flags = interrupts.mergeFlags(image >>> 0, width, state.protectedMode ? state.cpl : 0);
        state.eflags = (flags & ~unaffected) | (old & unaffected & ~FLAG.RF);
      }
      if ((old ^ state.eflags) & FLAG.AC) mmu.updateMode();
      lookAtInterrupts();
    },
    clearInterruptFlag: () => {
      state.set(S.eflags, state.get(S.eflags) & ~virtual.interruptFlag());
    },
    setInterruptFlag: (nextRip) => {
      const flag = virtual.interruptFlag();
      if (flag === FLAG.VIF) virtual.checkPending(FLAG.IF);
      else if (state.interruptsEnabled) return;
      state.set(S.eflags, state.get(S.eflags) | flag);
      if (flag === FLAG.VIF) return;
      setShadow(nextRip, SHADOW.STI);
      lookAtInterrupts();
    },
    halt: () => {
      requireLevel0();
      state.set(CONTROL.halted, 1);
    },

    checkPort: (port, bytes) => {
      if (!state.protectedMode) return;
      if (!state.v86 && state.cpl <= state.iopl) return;
      if (!tasks.portAllowed(port, bytes)) throw gp();
    },
    portRead: (port, bytes) => {
      debug.portAccessed(port, bytes);
      return io.read(port, bytes as IoWidth);
    },
    portWrite: (port, bytes, value) => {
      debug.portAccessed(port, bytes);
      io.write(port, bytes as IoWidth, value >>> 0);
    },

    storeGdtr: storeTable(CONTROL.gdtrBase, CONTROL.gdtrLimit),
    storeIdtr: storeTable(CONTROL.idtrBase, CONTROL.idtrLimit),
    loadGdtr: loadTable(CONTROL.gdtrBase, CONTROL.gdtrLimit),
    loadIdtr: loadTable(CONTROL.idtrBase, CONTROL.idtrLimit),
    storeLdtr: () => state.selector(SEG_LDTR),
    storeTr: () => state.selector(SEG_TR),
    loadLdtr: (selector) => {
      requireLevel0();
      if (isNull(selector)) {
        state.setSegment(SEG_LDTR, selector, 0, 0, 0);
        return;
      }
      if (selector & 4) throw gp(selectorError(selector));
      const descriptor = descriptors.read(selector);
      if (!descriptor.isSystem || descriptor.type !== SYSTEM_TYPE.LDT) throw gp(selectorError(selector));
      if (!descriptor.present) throw new CpuFault(VECTOR.NP, selectorError(selector));
      descriptors.install(SEG_LDTR, selector, descriptor);
    },
    loadTr: (selector) => {
      requireLevel0();
      const descriptor = tasks.target(selector, VECTOR.GP, 'jump');
      descriptors.setBusy(descriptor, true);
      state.setSegment(SEG_TR, selector, descriptor.base, descriptor.limit, descriptor.attributes | 2);
    },
    verifyRead: (selector) => (visible(selector, [])?.isReadable ? 1 : 0),
    verifyWrite: (selector) => (visible(selector, [])?.isWritable ? 1 : 0),
    loadAccessRights: (selector) => {
      requireProtected();
      const { TSS16, LDT, TSS16_BUSY, CALL_GATE16, TASK_GATE, TSS32, TSS32_BUSY, CALL_GATE32 } = SYSTEM_TYPE;
      const found = visible(selector, [TSS16, LDT, TSS16_BUSY, CALL_GATE16, TASK_GATE, TSS32, TSS32_BUSY, CALL_GATE32]);
      setZero(found !== undefined);
      return found ? found.high & 0x00ff_ff00 : 0;
    },
    loadSegmentLimit: (selector) => {
      const { TSS16, LDT, TSS16_BUSY, TSS32, TSS32_BUSY } = SYSTEM_TYPE;
      const found = visible(selector, [TSS16, LDT, TSS16_BUSY, TSS32, TSS32_BUSY]);
      setZero(found !== undefined);
      return found ? found.limit | 0 : 0;
    },

    readControlRegister: (number) => {
      requireLevel0();
      const offset = controlOffsets[number];
      if (offset === undefined || (number === 4 && cr4Writable === 0)) throw ud();
      return state.get(offset) | 0;
    },
    writeControlRegister: (number, value) => {
      requireLevel0();
      const write = controlRegisters[number];
      if (!write || (number === 4 && cr4Writable === 0)) throw ud();
      write(value >>> 0);
    },
    readDebugRegister: (number) => {
      checkDebugAccess();
      return debug.read(debugRegister(number)) | 0;
    },
    writeDebugRegister: (number, value) => {
      checkDebugAccess();
      debug.write(debugRegister(number), value >>> 0);
    },
    storeMachineStatus: () => state.cr0 | 0,
    loadMachineStatus: (value) => {
      requireLevel0();
      // PE can be set this way, never cleared.
      writeCr0(((state.cr0 & ~0xe) | (value & 0xf)) >>> 0);
    },
    clearTaskSwitched: () => {
      requireLevel0();
      state.set(CONTROL.cr0, state.cr0 & ~CR0.TS);
    },
    readMsr: () => {
      requireLevel0();
      const value = readMsr(state.gpr(1));
      if (value === undefined) throw gp();
      state.setGpr(0, Number(value & 0xffff_ffffn));
      state.setGpr(2, Number((value >> 32n) & 0xffff_ffffn));
    },
    writeMsr: () => {
      requireLevel0();
      writeMsr(state.gpr(1), (BigInt(state.gpr(2)) << 32n) | BigInt(state.gpr(0)));
    },
    invalidateCaches: requireLevel0,
    readTimeStamp: () => {
      if (state.cr4 & CR4.TSD && state.cpl !== 0) throw gp();
      const { low, high } = timeStamp();
      state.setGpr(0, low);
      state.setGpr(2, high);
    },
    readPerformanceCounter: () => {
      if (!(state.cr4 & CR4.PCE) && state.cpl !== 0) throw gp();
      if (state.gpr(1) > 1) throw gp();
      state.setGpr(0, 0);
      state.setGpr(2, 0);
    },
    cpuid: () => cpuid(state, model, parts.frequencies),
    invalidatePage: (offset, segment) => {
      requireLevel0();
      mmu.flushPage((state.base(segment) + offset) >>> 0);
    },
    modeChanged: () => mmu.updateMode(),
  };
}
