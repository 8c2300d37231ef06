/**
 * 82371AB (PIIX4) function 3: power management. Intel 290562, chapter 7; the register block is that of ACPI 1.0b,
 * section 4.7. APM control and status ports B2h and B3h; general-purpose events at AFE0h, where QEMU's board has them.
 *
 * SMIs do not exist here: the APM port answers the two ACPI commands itself, and DEVACTB says from the start that SMI on
 * APM is set up, so that firmware leaves it alone.
 */
import type { Device, IoWidth, IrqLine, PortIo, ResetKind, Timer, TimerQueue } from '../../bus/index.ts';
import { create, defineState, f64, resetState, u16, u8, type StateOf } from '../../state/index.ts';
import { PciConfig } from './pci-config.ts';
import type { PciHost, PciPortRegion } from './pci-host.ts';
import { pciConfigSpace, PciLayout } from './pci-layout.ts';
import { smbusRead, smbusWrite, SMBUS_FIELDS, SMBUS_PORT_COUNT } from './piix4-smbus.ts';

const PMBA = 0x40;
const DEVACTB = 0x58;
const PMREGMISC = 0x80;
const PMREGMISC_PMIOSE = 0x01;
const SMBBA = 0x90;
const SMBHSTCFG = 0xd2;
const SMBHSTCFG_ENABLE = 0x01;

const layout = new PciLayout({
  vendorId: 0x8086,
  deviceId: 0x7113,
  revisionId: 3,
  classCode: 0x068000,
  interruptPin: 1,
});
layout.writable.fill(0xff, 0x44, 0x100);
layout.value32(PMBA, 1).writable32(PMBA, 0xffc0);
layout.value32(SMBBA, 1).writable32(SMBBA, 0xfff0);
layout.initial[0x3c] = 9;
/** Bit 25: APMC_EN. */
layout.initial[DEVACTB + 3] = 0x02;

export const PIIX4_PM = defineState({
  name: 'piix4-pm',
  version: 1,
  fields: {
    config: pciConfigSpace(layout),
    pmSts: u16({ doc: 'PM1 status' }),
    pmEn: u16({ doc: 'PM1 enable' }),
    pmCntrl: u16({ doc: 'PM1 control: SCI_EN, SLP_TYP, SLP_EN' }),
    halfPeriods: f64({ doc: 'Changes of bit 23 of the PM timer that TMR_STS has seen' }),
    gpSts: u16({ doc: 'General-purpose event status' }),
    gpEn: u16({ doc: 'General-purpose event enable' }),
    devctl: u16({ doc: 'Device control, low half, as written' }),
    apmControl: u8({ doc: 'APMC' }),
    apmStatus: u8({ doc: 'APMS' }),
    ...SMBUS_FIELDS,
  },
});

/** ACPI 1.0b, section 4.7.3.3. */
export const PM_TIMER_HZ = 3_579_545;
const PM_TIMER_MASK = 0xffffff;
const HALF_PERIOD = 0x800000;

export const PM1 = {
  STS_TMR: 0x0001,
  STS_GBL: 0x0020,
  STS_PWRBTN: 0x0100,
  STS_RTC: 0x0400,
  STS_WAK: 0x8000,
  CNT_SCI_EN: 0x0001,
  CNT_SLP_EN: 0x2000,
} as const;
const STS_MASK = PM1.STS_TMR | PM1.STS_GBL | PM1.STS_PWRBTN | PM1.STS_RTC;
const STS_CLEARING = STS_MASK | 0x0010 | PM1.STS_WAK;
const CNT_WRITABLE = 0x1c07;

/** Values that the FADT gives the operating system for the APM control port. */
export const ACPI_ENABLE = 0xf1;
export const ACPI_DISABLE = 0xf0;
/** SLP_TYP values as the DSDT's sleep packages name them. */
export const SLP_TYP = { S5: 0, S3: 1, S4: 2 } as const;

export const PIIX4_RANGE = { PM: 0, GPE: 1, APM: 2, SMBUS: 3 } as const;
const PM_PORT_COUNT = 64;

export interface Piix4Callbacks {
  /** SLP_EN with the type of S5 or S4. From within the port write. */
  powerOff(): void;
}

/** Fixed ranges: GPE four ports at AFE0h, APM two ports at B2h; PM and SMBUS lie where the registers put them. */
export class Piix4Pm implements Device<typeof PIIX4_PM>, PortIo {
  readonly spec = PIIX4_PM;
  readonly state: StateOf<typeof PIIX4_PM> = create(PIIX4_PM);
  readonly id: string;
  readonly pci: PciConfig;
  readonly #host: PciHost;
  readonly #timers: TimerQueue;
  readonly #overflow: Timer;
  readonly #sci: IrqLine;
  readonly #callbacks: Piix4Callbacks;
  #pmRegion: PciPortRegion | undefined;
  #smbusRegion: PciPortRegion | undefined;

  constructor(id: string, host: PciHost, timers: TimerQueue, sci: IrqLine, callbacks: Piix4Callbacks) {
    this.id = id;
    this.#host = host;
    this.#timers = timers;
    this.#sci = sci;
    this.#callbacks = callbacks;
    this.#overflow = timers.create(`${id}.timer`, () => this.#update());
    this.pci = new PciConfig(this.state.config, layout, host);
    this.pci.onWrite = (offset, width) => {
      if (offset + width > PMBA) this.#place();
    };
  }

  reset(_kind: ResetKind): void {
    resetState(PIIX4_PM, this.state);
    this.state.halfPeriods = Math.floor(this.#ticks() / HALF_PERIOD);
    this.#apply();
  }

  /** So that a machine which was loaded, and looks at the timer for it, is still the one that was saved. */
  preSave(): void {
    this.#noteTimer();
  }

  postLoad(): void {
    this.#apply();
  }

  #apply(): void {
    this.pci.apply();
    this.#place();
    this.#update();
  }

  /** The person pressed the power button: an event for an operating system that listens, nothing otherwise. */
  pressPowerButton(): void {
    this.state.pmSts |= PM1.STS_PWRBTN;
    this.#update();
  }

  /** True when a press reaches an operating system. */
  get listensToPowerButton(): boolean {
    return (this.state.pmCntrl & PM1.CNT_SCI_EN) !== 0 && (this.state.pmEn & PM1.STS_PWRBTN) !== 0;
  }

  /** A general-purpose event, 0 to 15. */
  raiseGpe(bit: number): void {
    this.state.gpSts |= (1 << bit) & 0xffff;
    this.#update();
  }

  get pmBase(): number {
    return this.#pmRegion?.base ?? -1;
  }

  ioRead(range: number, offset: number, width: IoWidth): number {
    if (range === PIIX4_RANGE.PM && offset >= 8 && offset < 12)
      return ((this.timerValue >>> ((offset & 3) * 8)) & ones(width)) >>> 0;
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#readByte(range, offset + i) << (i * 8);
    return value >>> 0;
  }

  ioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    if (range === PIIX4_RANGE.PM && offset === 4 && width >= 2) this.#writeControl(value & 0xffff);
    else for (let i = 0; i < width; i++) this.#writeByte(range, offset + i, (value >>> (i * 8)) & 0xff);
    this.#update();
  }

  /** The 24-bit PM timer. */
  get timerValue(): number {
    return this.#ticks() % (PM_TIMER_MASK + 1);
  }

  #ticks(): number {
    return Math.floor((this.#timers.nowNs * PM_TIMER_HZ) / 1e9);
  }

  #readByte(range: number, offset: number): number {
    const { state } = this;
    switch (range) {
      case PIIX4_RANGE.GPE:
        return byteOf(offset < 2 ? state.gpSts : state.gpEn, offset & 1);
      case PIIX4_RANGE.APM:
        return offset & 1 ? state.apmStatus : state.apmControl;
      case PIIX4_RANGE.SMBUS:
        return smbusRead(state, offset);
    }
    switch (offset & ~1) {
      case 0:
        this.#noteTimer();
        return byteOf(state.pmSts, offset & 1);
      case 2:
        return byteOf(state.pmEn, offset & 1);
      case 4:
        return byteOf(state.pmCntrl, offset & 1);
      case 0x2c:
        return byteOf(state.devctl, offset & 1);
    }
    return 0;
  }

  #writeByte(range: number, offset: number, value: number): void {
    const { state } = this;
    const odd = offset & 1;
    switch (range) {
      case PIIX4_RANGE.GPE:
        if (offset < 2) state.gpSts &= ~(value << (odd * 8));
        else state.gpEn = withByte(state.gpEn, odd, value);
        return;
      case PIIX4_RANGE.APM:
        if (odd) state.apmStatus = value;
        else this.#apmCommand(value);
        return;
      case PIIX4_RANGE.SMBUS:
        smbusWrite(state, offset, value);
        return;
    }
    switch (offset & ~1) {
      case 0:
        this.#noteTimer();
        state.pmSts &= ~((value << (odd * 8)) & STS_CLEARING);
        return;
      case 2:
        state.pmEn = withByte(state.pmEn, odd, value) & STS_MASK;
        return;
      case 4:
        this.#writeControl(withByte(state.pmCntrl, odd, value));
        return;
      case 0x2c:
        state.devctl = withByte(state.devctl, odd, value);
    }
  }

  #writeControl(value: number): void {
    this.state.pmCntrl = value & CNT_WRITABLE;
    if (!(value & PM1.CNT_SLP_EN)) return;
    const type = (value >> 10) & 7;
    // S1 to S3 are not offered by the DSDT; a guest that asks all the same goes on running.
    if (type === SLP_TYP.S5 || type === SLP_TYP.S4) this.#callbacks.powerOff();
    else this.state.pmSts |= PM1.STS_WAK;
  }

  #apmCommand(value: number): void {
    this.state.apmControl = value;
    if (value === ACPI_ENABLE) this.state.pmCntrl |= PM1.CNT_SCI_EN;
    else if (value === ACPI_DISABLE) this.state.pmCntrl &= ~PM1.CNT_SCI_EN;
  }

  /** TMR_STS follows the timer's highest bit whenever somebody looks. */
  #noteTimer(): void {
    const halfPeriods = Math.floor(this.#ticks() / HALF_PERIOD);
    if (halfPeriods === this.state.halfPeriods) return;
    this.state.halfPeriods = halfPeriods;
    this.state.pmSts |= PM1.STS_TMR;
  }

  #update(): void {
    this.#noteTimer();
    const { state } = this;
    const event = (state.pmSts & state.pmEn & STS_MASK) !== 0 || (state.gpSts & state.gpEn) !== 0;
    this.#sci.set(event && (state.pmCntrl & PM1.CNT_SCI_EN) !== 0);
    if (state.pmEn & PM1.STS_TMR && !(state.pmSts & PM1.STS_TMR)) {
      const ticks = (state.halfPeriods + 1) * HALF_PERIOD;
      this.#overflow.arm(Math.ceil((ticks * 1e9) / PM_TIMER_HZ));
    } else this.#overflow.disarm();
  }

  #place(): void {
    const { pci } = this;
    const pmOn = (pci.read8(PMREGMISC) & PMREGMISC_PMIOSE) !== 0;
    const smbusOn = (pci.read8(SMBHSTCFG) & SMBHSTCFG_ENABLE) !== 0;
    this.#pmRegion = this.#move(this.#pmRegion, pmOn ? pci.read16(PMBA) & 0xffc0 : 0, PM_PORT_COUNT, PIIX4_RANGE.PM);
    const smbus = smbusOn ? pci.read16(SMBBA) & 0xfff0 : 0;
    this.#smbusRegion = this.#move(this.#smbusRegion, smbus, SMBUS_PORT_COUNT, PIIX4_RANGE.SMBUS);
  }

  #move(old: PciPortRegion | undefined, base: number, sizeBytes: number, range: number): PciPortRegion | undefined {
    if ((old?.base ?? 0) === base) return old;
    if (old) this.#host.unmapPorts(old);
    if (base === 0) return undefined;
    const region: PciPortRegion = { base, sizeBytes, device: this, range };
    this.#host.mapPorts(region);
    return region;
  }
}

const ones = (width: IoWidth): number => (width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff);
const byteOf = (word: number, odd: number): number => (word >> (odd * 8)) & 0xff;
const withByte = (word: number, odd: number, value: number): number =>
  odd ? (word & 0x00ff) | (value << 8) : (word & 0xff00) | value;
