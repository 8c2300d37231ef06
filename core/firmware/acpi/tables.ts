/**
 * The ACPI tables of the board as one block for memory, and the root pointer for the F segment. ACPI 6.5, section 5.2;
 * the FADT as of ACPI 2.0 (its length is what old systems expect beside a reset register); HPET table: IA-PC HPET 1.0a.
 */
import { assert } from '../../base/index.ts';
import { ACPI_DISABLE, ACPI_ENABLE } from '../../devices/pci/piix4-pm.ts';
import { HPET_BASE, HPET_ID } from '../../devices/timer/hpet.ts';
import { IOAPIC_BASE } from '../../devices/intc/ioapic.ts';
import { LOCAL_APIC_BASE } from '../../devices/intc/local-apic.ts';
import { dsdtBody, LINK_IRQS } from './dsdt.ts';

/** What the tables say about the board. */
export interface AcpiBoard {
  readonly cpuCount: number;
  /** APIC ID of the I/O APIC. */
  readonly ioApicId: number;
  /** I/O base of PIIX4's power management block, as the firmware programs it. */
  readonly pmBase: number;
  /** Memory that PCI devices may occupy: `end` is the first address beyond. */
  readonly pciHole: { readonly base: number; readonly end: number };
  readonly hpet: boolean;
  readonly floppy: boolean;
  readonly parallel: boolean;
  /** 0 to 4. */
  readonly serialPorts: number;
}

export interface AcpiTables {
  /** To be put at the address that was given, in memory that E820 reports as ACPI (type 3; FACS lives there too). */
  readonly tables: Uint8Array;
  /** To be put on a 16-byte boundary in E0000h-FFFFFh. */
  readonly rsdp: Uint8Array;
  /** Where each table lies. */
  readonly index: readonly { readonly signature: string; readonly physAddr: number; readonly length: number }[];
}

/** What a firmware reserves for the tables. */
export const ACPI_TABLES_BYTES = 0x4000;
export const ACPI_GPE_BASE = 0xafe0;
export const SCI_IRQ = 9;

const SMI_COMMAND_PORT = 0xb2;
const RESET_PORT = 0xcf9;
const RESET_VALUE = 0x06;
const CMOS_CENTURY = 0x32;
const HEADER_BYTES = 36;
const ASCII = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
const OEM_ID = 'TERRAR';
const OEM_TABLE_ID = 'TERRPC  ';
const CREATOR = 'TERR';

const SPACE = { MEMORY: 0, IO: 1 } as const;

/** `tablesAddr`: a multiple of 64 below 4 GiB. The size does not depend on it. */
export function buildAcpiTables(board: AcpiBoard, tablesAddr: number): AcpiTables {
  assert(tablesAddr % 64 === 0, 'the FACS lies on a boundary of 64 bytes');
  const block = new TableBlock(tablesAddr);
  const facs = block.add('FACS', facsTable());
  const dsdt = block.add('DSDT', table('DSDT', 1, Uint8Array.from(dsdtBody(board))));
  const listed = [
    block.add('FACP', fadt(board, facs, dsdt)),
    block.add('APIC', madt(board)),
    ...(board.hpet ? [block.add('HPET', hpetTable())] : []),
  ];
  const rsdt = block.add('RSDT', table('RSDT', 1, pointers(listed, 4)));
  const xsdt = block.add('XSDT', table('XSDT', 1, pointers(listed, 8)));
  return { tables: block.bytes, rsdp: rootPointer(rsdt, xsdt), index: block.index };
}

class TableBlock {
  readonly index: { readonly signature: string; readonly physAddr: number; readonly length: number }[] = [];
  readonly #base: number;
  readonly #parts: number[] = [];

  constructor(base: number) {
    this.#base = base;
  }

  /** The address that the table gets. */
  add(signature: string, content: Uint8Array): number {
    while (this.#parts.length % 16 !== 0) this.#parts.push(0);
    const physAddr = this.#base + this.#parts.length;
    this.index.push({ signature, physAddr, length: content.length });
    for (const byte of content) this.#parts.push(byte);
    return physAddr;
  }

  get bytes(): Uint8Array {
    assert(this.#parts.length <= ACPI_TABLES_BYTES, 'the ACPI tables outgrew their place');
    return Uint8Array.from(this.#parts);
  }
}

/** Makes the sum of the bytes 0 modulo 256 by the one at `at`. */
function setChecksum(bytes: Uint8Array, at: number, length = bytes.length): void {
  bytes[at] = 0;
  bytes[at] = -bytes.subarray(0, length).reduce((sum, byte) => sum + byte, 0) & 0xff;
}

/** A table with the common header (5.2.6). */
function table(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(out.buffer);
  out.set(ASCII(signature), 0);
  view.setUint32(4, out.length, true);
  out[8] = revision;
  out.set(ASCII(OEM_ID), 10);
  out.set(ASCII(OEM_TABLE_ID), 16);
  view.setUint32(24, 1, true);
  out.set(ASCII(CREATOR), 28);
  view.setUint32(32, 1, true);
  out.set(body, HEADER_BYTES);
  setChecksum(out, 9);
  return out;
}

function pointers(addresses: readonly number[], bytes: 4 | 8): Uint8Array {
  const out = new Uint8Array(addresses.length * bytes);
  const view = new DataView(out.buffer);
  addresses.forEach((address, i) => view.setUint32(i * bytes, address, true));
  return out;
}

/** RSDP of revision 2 (5.2.5.3). */
function rootPointer(rsdt: number, xsdt: number): Uint8Array {
  const out = new Uint8Array(36);
  const view = new DataView(out.buffer);
  out.set(ASCII('RSD PTR '), 0);
  out.set(ASCII(OEM_ID), 9);
  out[15] = 2;
  view.setUint32(16, rsdt, true);
  view.setUint32(20, out.length, true);
  view.setUint32(24, xsdt, true);
  setChecksum(out, 8, 20);
  setChecksum(out, 32);
  return out;
}

/** 5.2.10. */
function facsTable(): Uint8Array {
  const out = new Uint8Array(64);
  out.set(ASCII('FACS'), 0);
  out[4] = out.length;
  out[32] = 1;
  return out;
}

/** 5.2.9; offsets count from the start of the table. */
function fadt(board: AcpiBoard, facs: number, dsdt: number): Uint8Array {
  const body = new Uint8Array(244 - HEADER_BYTES);
  const view = new DataView(body.buffer);
  const put8 = (at: number, value: number): void => view.setUint8(at - HEADER_BYTES, value);
  const put16 = (at: number, value: number): void => view.setUint16(at - HEADER_BYTES, value, true);
  const put32 = (at: number, value: number): void => view.setUint32(at - HEADER_BYTES, value, true);
  const address = (at: number, port: number, bytes: number): void => {
    put8(at, SPACE.IO);
    put8(at + 1, bytes * 8);
    put32(at + 4, port);
  };
  const { pmBase } = board;
  put32(36, facs);
  put32(40, dsdt);
  put8(44, 1); // dual 8259s beside the APICs
  put8(45, 1); // desktop
  put16(46, SCI_IRQ);
  put32(48, SMI_COMMAND_PORT);
  put8(52, ACPI_ENABLE);
  put8(53, ACPI_DISABLE);
  put32(56, pmBase);
  put32(64, pmBase + 4);
  put32(76, pmBase + 8);
  put32(80, ACPI_GPE_BASE);
  put8(88, 4);
  put8(89, 2);
  put8(91, 4);
  put8(92, 4);
  put16(96, 0x0fff); // no C2
  put16(98, 0x0fff); // no C3
  put8(108, CMOS_CENTURY);
  put16(109, 0x0003); // ISA devices, 8042
  // WBINVD works, C1 everywhere, no fixed sleep button, reset register; power button and RTC wake are fixed features.
  put32(112, 0x00000001 | 0x00000004 | 0x00000020 | 0x00000400);
  address(116, RESET_PORT, 1);
  put8(128, RESET_VALUE);
  put32(132, facs);
  put32(140, dsdt);
  address(148, pmBase, 4);
  address(172, pmBase + 4, 2);
  address(208, pmBase + 8, 4);
  address(220, ACPI_GPE_BASE, 4);
  return table('FACP', 3, body);
}

/** 5.2.12. */
function madt(board: AcpiBoard): Uint8Array {
  const u32 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
  const localApics = Array.from({ length: board.cpuCount }, (_, n) => [0, 8, n, n, ...u32(1)]);
  const override = (irq: number, gsi: number, flags: number): number[] => [2, 10, 0, irq, ...u32(gsi), flags, 0];
  const ACTIVE_HIGH_LEVEL = 0x0d;
  const levelIrqs = [...new Set([...LINK_IRQS, SCI_IRQ])].sort((a, b) => a - b);
  const LINT1 = 1;
  return table(
    'APIC',
    1,
    Uint8Array.from([
      ...u32(LOCAL_APIC_BASE),
      ...u32(1), // the 8259s exist as well
      ...localApics.flat(),
      1,
      12,
      board.ioApicId,
      0,
      ...u32(IOAPIC_BASE),
      ...u32(0),
      ...override(0, 2, 0),
      ...levelIrqs.flatMap((irq) => override(irq, irq, ACTIVE_HIGH_LEVEL)),
      4,
      6,
      0xff,
      0,
      0,
      LINT1,
    ]),
  );
}

/** IA-PC HPET 1.0a, section 3.2.4. */
function hpetTable(): Uint8Array {
  const body = new Uint8Array(20);
  const view = new DataView(body.buffer);
  view.setUint32(0, HPET_ID, true);
  body[4] = SPACE.MEMORY;
  view.setUint32(8, HPET_BASE, true);
  return table('HPET', 1, body);
}
