/**
 * What a PCI function's 256 bytes of configuration space are made of: reset values, writable bits, and bits that a
 * written 1 clears. PCI Local Bus Specification 2.2, chapter 6.
 */
import type { ByteReader, ByteWriter } from '../../base/index.ts';
import type { Field } from '../../state/index.ts';

export const PCI_CONFIG_BYTES = 256;

/** Offsets of the type 00h header. */
export const PCI = {
  VENDOR_ID: 0x00,
  DEVICE_ID: 0x02,
  COMMAND: 0x04,
  STATUS: 0x06,
  REVISION_ID: 0x08,
  CLASS_CODE: 0x09,
  HEADER_TYPE: 0x0e,
  BAR0: 0x10,
  SUBSYSTEM_VENDOR_ID: 0x2c,
  SUBSYSTEM_ID: 0x2e,
  ROM_BAR: 0x30,
  CAPABILITIES: 0x34,
  INTERRUPT_LINE: 0x3c,
  INTERRUPT_PIN: 0x3d,
} as const;

export const PCI_COMMAND = { IO: 0x0001, MEMORY: 0x0002, MASTER: 0x0004, SERR: 0x0100, INTX_DISABLE: 0x0400 } as const;
export const PCI_STATUS = { INTERRUPT: 0x0008, CAPABILITIES: 0x0010, DEVSEL_MEDIUM: 0x0200 } as const;

export interface PciIdentity {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly revisionId?: number;
  /** Base class, sub-class and programming interface: 0x010180 is an IDE controller. */
  readonly classCode: number;
  readonly subsystemVendorId?: number;
  readonly subsystemId?: number;
  /** Function 0 of several. */
  readonly multiFunction?: boolean;
  /** 1 is INTA#; absent: the function has no interrupt. */
  readonly interruptPin?: number;
}

/** `index` 0 to 5; 6 is the expansion ROM's. Sizes are powers of two: at least 4 (io) or 4096 (memory, rom). */
export interface PciBarSpec {
  readonly index: number;
  readonly kind: 'io' | 'memory' | 'rom';
  readonly sizeBytes: number;
  readonly prefetchable?: boolean;
}

export const barOffset = (index: number): number => (index === 6 ? PCI.ROM_BAR : PCI.BAR0 + index * 4);

export class PciLayout {
  readonly bars: readonly PciBarSpec[];
  readonly initial = new Uint8Array(PCI_CONFIG_BYTES);
  readonly writable = new Uint8Array(PCI_CONFIG_BYTES);
  /** Write 1 to clear. */
  readonly clearing = new Uint8Array(PCI_CONFIG_BYTES);

  constructor(identity: PciIdentity, bars: readonly PciBarSpec[] = []) {
    this.bars = bars;
    this.value16(PCI.VENDOR_ID, identity.vendorId);
    this.value16(PCI.DEVICE_ID, identity.deviceId);
    this.value16(PCI.STATUS, PCI_STATUS.DEVSEL_MEDIUM);
    this.initial[PCI.REVISION_ID] = identity.revisionId ?? 0;
    this.initial[PCI.CLASS_CODE] = identity.classCode & 0xff;
    this.value16(PCI.CLASS_CODE + 1, identity.classCode >>> 8);
    this.initial[PCI.HEADER_TYPE] = identity.multiFunction ? 0x80 : 0;
    this.value16(PCI.SUBSYSTEM_VENDOR_ID, identity.subsystemVendorId ?? 0x1af4);
    this.value16(PCI.SUBSYSTEM_ID, identity.subsystemId ?? 0x1100);
    const { IO, MEMORY, MASTER, SERR, INTX_DISABLE } = PCI_COMMAND;
    this.writable16(PCI.COMMAND, IO | MEMORY | MASTER | SERR | INTX_DISABLE);
    this.clearing[PCI.STATUS + 1] = 0xf9;
    if (identity.interruptPin) {
      this.initial[PCI.INTERRUPT_PIN] = identity.interruptPin;
      this.writable[PCI.INTERRUPT_LINE] = 0xff;
    }
    for (const bar of bars) this.#bar(bar);
  }

  #bar(bar: PciBarSpec): void {
    const at = barOffset(bar.index);
    if (bar.kind === 'io') this.initial[at] = 0x01;
    else if (bar.prefetchable) this.initial[at] = 0x08;
    const address = ~(bar.sizeBytes - 1) >>> 0;
    for (let i = 0; i < 4; i++) this.writable[at + i] = (address >>> (i * 8)) & 0xff;
    // The ROM's enable bit.
    if (bar.kind === 'rom') this.writable[at] |= 0x01;
  }

  value16(offset: number, value: number): this {
    this.initial[offset] = value & 0xff;
    this.initial[offset + 1] = (value >> 8) & 0xff;
    return this;
  }

  value32(offset: number, value: number): this {
    return this.value16(offset, value & 0xffff).value16(offset + 2, value >>> 16);
  }

  writable16(offset: number, mask: number): this {
    this.writable[offset] = mask & 0xff;
    this.writable[offset + 1] = (mask >> 8) & 0xff;
    return this;
  }

  writable32(offset: number, mask: number): this {
    return this.writable16(offset, mask & 0xffff).writable16(offset + 2, mask >>> 16);
  }

  /** Links a capability at `offset`: `body` follows the two bytes of id and next pointer. Newest stands first. */
  capability(offset: number, id: number, body: readonly number[]): this {
    this.initial[offset] = id;
    this.initial[offset + 1] = this.initial[PCI.CAPABILITIES];
    this.initial.set(body, offset + 2);
    this.initial[PCI.CAPABILITIES] = offset;
    this.initial[PCI.STATUS] |= PCI_STATUS.CAPABILITIES;
    return this;
  }
}

/** The configuration space as state. What no software can change comes from the layout, whatever a file says. */
export function pciConfigSpace(layout: PciLayout): Field<Uint8Array> {
  const { initial } = layout;
  return {
    kind: 'pci-config',
    doc: 'PCI configuration space',
    create: () => initial.slice(),
    reset: (current) => {
      current.set(initial);
      return current;
    },
    save: (out: ByteWriter, value) => out.raw(value),
    load: (input: ByteReader) => {
      const loaded = input.raw(PCI_CONFIG_BYTES).slice();
      for (let i = PCI.VENDOR_ID; i < PCI.COMMAND; i++) loaded[i] = initial[i];
      for (let i = PCI.REVISION_ID; i < PCI.BAR0; i++) loaded[i] = initial[i];
      for (const bar of layout.bars) {
        const at = barOffset(bar.index);
        for (let i = at; i < at + 4; i++) loaded[i] = (loaded[i] & layout.writable[i]) | initial[i];
      }
      return loaded;
    },
    assign: (current, loaded) => {
      current.set(loaded);
      return current;
    },
    show: (value) => Array.from(value.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join(' '),
  };
}
