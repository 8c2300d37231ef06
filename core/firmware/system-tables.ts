/** ACPI and SMBIOS tables for a board: what goes into the ROM, and what POST puts at the top of memory. */
import { ACPI_TABLES_BYTES, buildAcpiTables } from './acpi/index.ts';
import { PM_BASE } from './pci-init.ts';
import { pciRoutingTable } from './pci-routing.ts';
import type { RomAddition } from './rom.ts';
import { buildSmbios } from './smbios.ts';

export interface BiosBoard {
  readonly memoryBytes: number;
  readonly pciHole: { readonly base: number; readonly end: number };
  readonly serialPorts: number;
  /** Sixteen bytes, zeros: none. */
  readonly uuid: Uint8Array;
}

/** Tables in memory that E820 reports as ACPI. They end where memory ends. */
export interface AcpiMemory {
  readonly physAddr: number;
  readonly bytes: Uint8Array;
}

export interface SystemTables {
  readonly rom: readonly RomAddition[];
  readonly acpi: AcpiMemory | undefined;
}

/** Below this what the tables take would matter more to a guest than what they say. */
const ACPI_MIN_MEMORY = 4 << 20;
const RSDP_OFFSET = 0x0000;
const SMBIOS_OFFSET = 0x0040;
const SMBIOS_TABLE_OFFSET = 0x0100;
const PCI_ROUTING_OFFSET = 0x0e00;
const ROM_BASE = 0xf0000;
export const RSDP_ADDRESS = ROM_BASE + RSDP_OFFSET;

export function systemTables(board: BiosBoard): SystemTables {
  const { memoryBytes, pciHole, serialPorts, uuid } = board;
  const smbios = buildSmbios(
    {
      memoryBytes,
      cpuCount: 1,
      uuid,
      serial: '0',
      biosVersion: 'Terrarium BIOS',
      biosDate: '01/01/2026',
      cpuName: 'Terrarium Virtual CPU',
      cpuMhz: 100,
    },
    ROM_BASE + SMBIOS_TABLE_OFFSET,
  );
  const rom: RomAddition[] = [
    { offset: SMBIOS_OFFSET, bytes: smbios.entryPoint },
    { offset: SMBIOS_TABLE_OFFSET, bytes: smbios.table },
    { offset: PCI_ROUTING_OFFSET, bytes: pciRoutingTable() },
  ];
  if (memoryBytes < ACPI_MIN_MEMORY) return { rom, acpi: undefined };
  const physAddr = memoryBytes - ACPI_TABLES_BYTES;
  const acpi = buildAcpiTables(
    { cpuCount: 1, ioApicId: 0, pmBase: PM_BASE, pciHole, hpet: true, floppy: true, parallel: true, serialPorts },
    physAddr,
  );
  rom.push({ offset: RSDP_OFFSET, bytes: acpi.rsdp });
  return { rom, acpi: { physAddr, bytes: acpi.tables } };
}
