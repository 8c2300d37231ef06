/** SMBIOS structure table and entry point. DMTF DSP0134 2.8, sections 5.2.1 and 7. */

export interface SmbiosConfig {
  readonly memoryBytes: number;
  readonly cpuCount: number;
  /** Sixteen bytes in the order in which the text form shows them. */
  readonly uuid: Uint8Array;
  readonly serial: string;
  readonly biosVersion: string;
  /** mm/dd/yyyy. */
  readonly biosDate: string;
  readonly cpuName: string;
  readonly cpuMhz: number;
}

export interface SmbiosTables {
  /** To be put on a 16-byte boundary in F0000h-FFFFFh. */
  readonly entryPoint: Uint8Array;
  readonly table: Uint8Array;
}

const VENDOR = 'Terrarium';
const PRODUCT = 'Terrarium PC (i440FX + PIIX)';
const HANDLE = {
  BIOS: 0x0000,
  SYSTEM: 0x0100,
  CHASSIS: 0x0300,
  PROCESSOR: 0x0400,
  MEMORY_ARRAY: 0x1000,
  MEMORY_DEVICE: 0x1100,
  MAPPED_ADDRESS: 0x1300,
  BOOT: 0x2000,
  END: 0x7f00,
} as const;
const KIB = 1024;
const MIB = 1024 * KIB;
const UNKNOWN = 0x02;
const OTHER = 0x01;
const NO_HANDLE = 0xffff;
/** From here on the size stands in the extended field. */
const MAX_MODULE_MIB = 0x7fff;

/** One structure: `length` bytes of formatted area, written by offset, and its strings. */
class Structure {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #strings: string[] = [];

  constructor(type: number, length: number, handle: number) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
    this.bytes[0] = type;
    this.bytes[1] = length;
    this.u16(2, handle);
  }

  u8(at: number, ...values: number[]): this {
    this.bytes.set(values, at);
    return this;
  }
  u16(at: number, value: number): this {
    this.view.setUint16(at, value, true);
    return this;
  }
  u32(at: number, value: number): this {
    this.view.setUint32(at, value, true);
    return this;
  }
  /** An empty text is the absence of a string. */
  text(at: number, value: string): this {
    if (value === '') return this;
    this.#strings.push(value);
    this.bytes[at] = this.#strings.length;
    return this;
  }

  /** The formatted area and the string set, which ends with two zeros. */
  encode(): Uint8Array {
    const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0) & 0x7f || 0x20);
    const tail = this.#strings.flatMap((text) => [...ascii(text), 0]);
    if (tail.length === 0) tail.push(0);
    return Uint8Array.from([...this.bytes, ...tail, 0]);
  }
}

/** `tableAddr`: where the structures will lie, below 4 GiB. */
export function buildSmbios(config: SmbiosConfig, tableAddr: number): SmbiosTables {
  const structures = [
    biosInformation(config),
    systemInformation(config),
    chassis(config),
    ...Array.from({ length: config.cpuCount }, (_, n) => processor(config, n)),
    memoryArray(config),
    memoryDevice(config),
    mappedAddress(config),
    new Structure(32, 11, HANDLE.BOOT),
    new Structure(127, 4, HANDLE.END),
  ].map((structure) => structure.encode());
  const table = Uint8Array.from(structures.flatMap((structure) => [...structure]));
  const largest = Math.max(...structures.map((structure) => structure.length));
  return { entryPoint: entryPoint(table.length, tableAddr, structures.length, largest), table };
}

function entryPoint(tableBytes: number, tableAddr: number, count: number, largest: number): Uint8Array {
  const out = new Uint8Array(31);
  const view = new DataView(out.buffer);
  const ascii = (text: string, at: number): void =>
    out.set(
      Array.from(text, (c) => c.charCodeAt(0)),
      at,
    );
  ascii('_SM_', 0);
  out[5] = out.length;
  out[6] = 2;
  out[7] = 8;
  view.setUint16(8, largest, true);
  ascii('_DMI_', 0x10);
  view.setUint16(0x16, tableBytes, true);
  view.setUint32(0x18, tableAddr, true);
  view.setUint16(0x1c, count, true);
  out[0x1e] = 0x28;
  const sum = (from: number): number => out.subarray(from).reduce((total, byte) => total + byte, 0);
  out[0x15] = -sum(0x10) & 0xff;
  out[4] = -sum(0) & 0xff;
  return out;
}

function biosInformation(config: SmbiosConfig): Structure {
  return new Structure(0, 24, HANDLE.BIOS)
    .text(4, VENDOR)
    .text(5, config.biosVersion)
    .u16(6, 0xf000)
    .text(8, config.biosDate)
    .u8(9, 0) // 64 KiB
    .u32(10, 0x00018080) // PCI, boot from CD, selectable boot
    .u8(18, 0x01, 0x10) // ACPI; a virtual machine
    .u8(20, 0xff, 0xff, 0xff, 0xff);
}

function systemInformation(config: SmbiosConfig): Structure {
  const { uuid } = config;
  // The first three fields are little-endian since 2.6.
  const stored = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((i) => uuid[i]);
  return new Structure(1, 27, HANDLE.SYSTEM)
    .text(4, VENDOR)
    .text(5, PRODUCT)
    .text(6, config.biosVersion)
    .text(7, config.serial)
    .u8(8, ...stored)
    .u8(24, 0x06); // woken by the power switch
}

function chassis(config: SmbiosConfig): Structure {
  return new Structure(3, 21, HANDLE.CHASSIS)
    .text(4, VENDOR)
    .u8(5, OTHER)
    .text(6, config.biosVersion)
    .u8(9, 0x03, 0x03, 0x03, UNKNOWN);
}

function processor(config: SmbiosConfig, n: number): Structure {
  return new Structure(4, 42, HANDLE.PROCESSOR + n)
    .text(4, `CPU ${n}`)
    .u8(5, 0x03, OTHER) // central processor, other family
    .text(7, VENDOR)
    .text(16, config.cpuName)
    .u16(20, config.cpuMhz)
    .u16(22, config.cpuMhz)
    .u8(24, 0x41, OTHER) // populated, enabled
    .u16(26, NO_HANDLE)
    .u16(28, NO_HANDLE)
    .u16(30, NO_HANDLE)
    .u8(35, 1, 1, 1)
    .u16(38, 0x0004)
    .u16(40, OTHER);
}

function memoryArray(config: SmbiosConfig): Structure {
  return new Structure(16, 23, HANDLE.MEMORY_ARRAY)
    .u8(4, OTHER, 0x03, 0x03) // system memory, no error correction
    .u32(7, Math.ceil(config.memoryBytes / KIB))
    .u16(11, NO_HANDLE - 1) // no error information
    .u16(13, 1);
}

function memoryDevice(config: SmbiosConfig): Structure {
  const mib = Math.ceil(config.memoryBytes / MIB);
  return new Structure(17, 40, HANDLE.MEMORY_DEVICE)
    .u16(4, HANDLE.MEMORY_ARRAY)
    .u16(6, NO_HANDLE - 1)
    .u16(8, 64)
    .u16(10, 64)
    .u16(12, Math.min(mib, MAX_MODULE_MIB))
    .u8(14, 0x09, 0) // DIMM
    .text(16, 'DIMM 0')
    .u8(18, 0x07) // RAM
    .u16(19, UNKNOWN)
    .text(23, VENDOR)
    .u32(28, mib > MAX_MODULE_MIB - 1 ? mib : 0);
}

function mappedAddress(config: SmbiosConfig): Structure {
  return new Structure(19, 31, HANDLE.MAPPED_ADDRESS)
    .u32(8, Math.ceil(config.memoryBytes / KIB) - 1)
    .u16(12, HANDLE.MEMORY_ARRAY)
    .u8(14, 1);
}
