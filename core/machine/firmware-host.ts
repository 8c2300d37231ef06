/** What starts the machine: our BIOS with its call-outs, or a ROM file in its place. */
import type { Entropy } from '../backends/index.ts';
import { failure, FailureError, uuidBytes } from '../base/index.ts';
import { Bios, CALLOUT_PHYS_ADDR, buildRom, buildVideoRom, systemTables, type BiosEnv } from '../firmware/index.ts';
import type { BoardParts } from './board-parts.ts';
import { FirmwareCpu, FirmwareMemory } from './bios-host.ts';
import { CDROM_PLACE, type Chipset } from './chipset.ts';
import type { IsaParts } from './isa-parts.ts';
import { KeyPolls } from './key-polls.ts';
import { FIRMWARE_MAX_BYTES, PCI_HOLE } from './memory-map.ts';

const SEABIOS_BOOT = { floppy: 1, disk: 2, cdrom: 3 } as const;
const MIB = 1 << 20;

export interface FirmwareHost {
  readonly bios: Bios | undefined;
  /** Number of the call-out that the last instruction asked for, 0 when none. */
  takeCallout(): number;
}

const NONE: FirmwareHost = { bios: undefined, takeCallout: () => 0 };

export function installFirmware(
  parts: BoardParts,
  isa: IsaParts,
  chipset: Chipset,
  a20: () => boolean,
  nowNs: () => number,
): FirmwareHost {
  const { memory, config } = parts;
  if (config.firmwareRom) {
    installForeign(parts, isa, config.firmwareRom);
    return NONE;
  }
  const ramBytes = memory.ram.length;
  const tables = systemTables({
    memoryBytes: ramBytes,
    pciHole: PCI_HOLE,
    serialPorts: isa.serial.length,
    uuid: uuidBytes(config.uuid),
  });
  memory.install(buildRom(tables.rom), buildVideoRom());
  let callout = 0;
  memory.physical.romWritten = (physAddr, width, value) => {
    if (physAddr !== CALLOUT_PHYS_ADDR || width !== 2) return;
    callout = value;
    parts.cpu.kick();
  };
  return {
    bios: createBios(parts, isa, chipset, tables.acpi, a20, nowNs),
    takeCallout() {
      const taken = callout;
      callout = 0;
      return taken;
    },
  };
}

function createBios(
  parts: BoardParts,
  isa: IsaParts,
  chipset: Chipset,
  acpi: BiosEnv['acpi'],
  a20: () => boolean,
  nowNs: () => number,
): Bios {
  const { memory, backends, config, signals, io, cpu } = parts;
  const cdrom = chipset.ide.cdrom(CDROM_PLACE);
  // Runs on the virtual clock are the same whenever a machine was saved in between; what was compared is not saved.
  const polls = config.clock === 'host' ? new KeyPolls(cpu, io, memory, nowNs) : undefined;
  return new Bios({
    acpi,
    cpu: new FirmwareCpu(cpu),
    memory: new FirmwareMemory(memory.physical, memory.ram.length),
    io,
    floppies: [isa.floppy.drive(0), isa.floppy.drive(1)].filter((drive) => drive.connected),
    disks: backends.disks.map((medium) => ({ medium, takeChanged: () => false })),
    cdroms: cdrom ? [cdrom] : [],
    kernel: config.kernel,
    bootOrder: config.bootOrder,
    bootMenu: config.bootMenu,
    nowNs,
    random: () => randomFraction(backends.entropy),
    hasFpu: () => true,
    setA20: (on) => {
      for (const gate of isa.a20Gates) gate.gateA20(on);
    },
    getA20: a20,
    powerOff: signals.powerOff,
    reset: () => signals.reset('firmware'),
    log: backends.log,
    pollsInVain: polls && (() => polls.inVain()),
    lfbAddr: () => Math.max(0, chipset.vga.lfbBase),
  });
}

function randomFraction(entropy: Entropy): number {
  const word = new Uint32Array(1);
  entropy.fill(new Uint8Array(word.buffer));
  return word[0] / 2 ** 32;
}

/** CMOS says the memory and the boot order as QEMU's does, which SeaBIOS reads. */
function installForeign({ memory, config }: BoardParts, { rtc }: IsaParts, rom: Uint8Array): void {
  if (rom.length % 0x10000 !== 0 || rom.length === 0 || rom.length > FIRMWARE_MAX_BYTES)
    throw new FailureError(failure('firmware.size', `firmware of ${rom.length} bytes; expected 64, 128 or 256 KiB`));
  memory.install(rom);
  const ramBytes = memory.ram.length;
  const word = (index: number, value: number): void => {
    rtc.setCmos(index, value & 0xff);
    rtc.setCmos(index + 1, (value >> 8) & 0xff);
  };
  word(0x15, 640);
  word(0x17, Math.min(0xffff, (ramBytes - MIB) / 1024));
  word(0x30, Math.min(0xffff, (ramBytes - MIB) / 1024));
  word(0x34, Math.max(0, ramBytes - 16 * MIB) / 0x10000);
  const [first = 0, second = 0, third = 0] = config.bootOrder.map((device) => SEABIOS_BOOT[device]);
  rtc.setCmos(0x3d, first | (second << 4));
  rtc.setCmos(0x38, third << 4);
}
