/**
 * 82371SB (PIIX3) function 1: the IDE controller, two channels at their ISA addresses with bus-master DMA. Intel 290550,
 * section 2.4. Port timing registers keep what is written and do nothing; unlike the chip, both channels decode from the
 * start, so that an operating system finds them whatever the firmware did.
 */
import type { Block } from '../../backends/index.ts';
import type { Device, DmaMemory, IoBus, IoWidth, IrqLine, PortIo, ResetKind, TimerQueue } from '../../bus/index.ts';
import { create, defineState, resetState, type StateOf } from '../../state/index.ts';
import { PciConfig, pciConfigSpace, PciLayout, type PciHost } from '../pci/index.ts';
import { AtaDisk } from './ata-disk.ts';
import { MAX_MULTIPLE } from './ata-commands.ts';
import type { AtaIdentity } from './ata-identify.ts';
import { AtapiCdrom } from './atapi-cdrom.ts';
import { IdeChannel } from './ide-channel.ts';
import type { IdeDrive } from './ide-drive.ts';
import { IDE_FIELDS } from './ide-state.ts';

const layout = new PciLayout({ vendorId: 0x8086, deviceId: 0x7010, classCode: 0x010180 }, [
  { index: 4, kind: 'io', sizeBytes: 16 },
]);
/** IDETIM of both channels: bit 15, decode enable. */
layout.value16(0x40, 0x8000).value16(0x42, 0x8000);
layout.writable.fill(0xff, 0x40, 0x45);

export const PIIX_IDE = defineState({
  name: 'piix-ide',
  version: 1,
  fields: { config: pciConfigSpace(layout), ...IDE_FIELDS },
});

export const IDE_RANGE = { PRIMARY: 0, PRIMARY_CONTROL: 1, SECONDARY: 2, SECONDARY_CONTROL: 3, BUS_MASTER: 4 } as const;

export type IdeDriveConfig =
  | { readonly kind: 'disk'; readonly medium: Block; readonly identity?: Partial<AtaIdentity> }
  | { readonly kind: 'cdrom'; readonly medium?: Block | undefined; readonly identity?: Partial<AtaIdentity> };

export interface PiixIdeConfig {
  readonly host: PciHost;
  readonly memory: DmaMemory;
  readonly timers: TimerQueue;
  /** IRQ14 and IRQ15. */
  readonly irqs: readonly [IrqLine, IrqLine];
  /** Primary master and slave, secondary master and slave. */
  readonly drives: readonly (IdeDriveConfig | undefined)[];
}

/** Ranges: *_CONTROL one port (3F6h, 376h), the channels eight each (1F0h, 170h), BUS_MASTER by the register. */
export class PiixIde implements Device<typeof PIIX_IDE>, PortIo {
  readonly spec = PIIX_IDE;
  readonly state: StateOf<typeof PIIX_IDE> = create(PIIX_IDE);
  readonly id: string;
  readonly pci: PciConfig;
  readonly #channels: readonly IdeChannel[];
  readonly #units: readonly (IdeDrive | undefined)[];

  constructor(id: string, config: PiixIdeConfig) {
    this.id = id;
    this.pci = new PciConfig(this.state.config, layout, config.host, [
      { index: 4, port: this, range: IDE_RANGE.BUS_MASTER },
    ]);
    const { channels, drives } = this.state;
    this.#channels = channels.map(
      (channel, i) =>
        new IdeChannel(`${id}.${i}`, channel, [drives[i * 2], drives[i * 2 + 1]], {
          memory: config.memory,
          timers: config.timers,
          irq: config.irqs[i],
          busMaster: () => this.pci.isBusMaster,
        }),
    );
    this.#units = drives.map((state, i) => {
      const drive = config.drives[i];
      const intrq = (): void => this.#channels[i >> 1].raise();
      if (drive?.kind === 'disk')
        return new AtaDisk(state, intrq, drive.medium, identityOf(i, 'Terrarium Hard Disk', drive.identity));
      return drive && new AtapiCdrom(state, intrq, drive.medium, identityOf(i, 'Terrarium CD-ROM', drive.identity));
    });
    this.#channels.forEach((channel, i) => channel.connect(this.#units.slice(i * 2, i * 2 + 2)));
    this.#settle();
  }

  mapPorts(bus: IoBus): void {
    bus.map({ base: 0x1f0, size: 8, device: this, range: IDE_RANGE.PRIMARY, maxWidth: 4 });
    bus.map({ base: 0x3f6, size: 1, device: this, range: IDE_RANGE.PRIMARY_CONTROL });
    bus.map({ base: 0x170, size: 8, device: this, range: IDE_RANGE.SECONDARY, maxWidth: 4 });
    bus.map({ base: 0x376, size: 1, device: this, range: IDE_RANGE.SECONDARY_CONTROL });
  }

  /** The CD-ROM drive at a place (0 to 3), for whoever changes its medium. */
  cdrom(index: number): AtapiCdrom | undefined {
    const unit = this.#units[index];
    return unit instanceof AtapiCdrom ? unit : undefined;
  }

  /** A tray stays where it is over a reset of the board. */
  reset(kind: ResetKind): void {
    const trays = this.state.drives.map(({ trayOpen, exchanged }) => ({ trayOpen, exchanged }));
    resetState(PIIX_IDE, this.state);
    if (kind === 'hard') this.state.drives.forEach((drive, i) => Object.assign(drive, trays[i]));
    this.pci.apply();
    this.#settle();
    for (const channel of this.#channels) channel.reset();
  }

  #settle(): void {
    for (const unit of this.#units) if (unit instanceof AtaDisk) unit.powerOn();
  }

  postLoad(): void {
    for (const drive of this.state.drives) {
      // A saved state may hold what no command would have left: keep divisors and blocks sound.
      drive.heads ||= 16;
      drive.sectors ||= 63;
      if (drive.blockBytes !== 2352) drive.blockBytes = 2048;
      drive.blockSectors = Math.min(drive.blockSectors, MAX_MULTIPLE);
      drive.multiple = Math.min(drive.multiple, MAX_MULTIPLE);
    }
    for (const channel of this.state.channels) {
      channel.selected &= 1;
      channel.actor &= 1;
    }
    this.pci.apply();
    for (const channel of this.#channels) channel.apply();
  }

  ioRead(range: number, offset: number, width: IoWidth): number {
    switch (range) {
      case IDE_RANGE.PRIMARY:
      case IDE_RANGE.SECONDARY:
        return this.#channels[range >> 1].readCommandBlock(offset, width);
      case IDE_RANGE.PRIMARY_CONTROL:
      case IDE_RANGE.SECONDARY_CONTROL:
        return this.#channels[range >> 1].readAlternateStatus();
    }
    let value = 0;
    for (let i = 0; i < width; i++) {
      const at = offset + i;
      value |= this.#channels[(at >> 3) & 1].readBusMaster(at & 7) << (i * 8);
    }
    return value >>> 0;
  }

  ioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    switch (range) {
      case IDE_RANGE.PRIMARY:
      case IDE_RANGE.SECONDARY:
        this.#channels[range >> 1].writeCommandBlock(offset, width, value);
        return;
      case IDE_RANGE.PRIMARY_CONTROL:
      case IDE_RANGE.SECONDARY_CONTROL:
        this.#channels[range >> 1].writeControl(value);
        return;
    }
    for (let i = 0; i < width; i++) {
      const at = offset + i;
      this.#channels[(at >> 3) & 1].writeBusMaster(at & 7, (value >>> (i * 8)) & 0xff);
    }
  }
}

function identityOf(index: number, model: string, given: Partial<AtaIdentity> = {}): AtaIdentity {
  return { model, serial: `TR${String(index + 1).padStart(5, '0')}`, firmware: '1.0', ...given };
}
