/**
 * INT 08h (system tick), INT 70h (RTC), INT 1Ah (time of day) and the waits of INT 15h AH=83h and 86h.
 * IBM PC AT Technical Reference, BIOS; Motorola MC146818A data sheet.
 */
import { BDA } from './bda.ts';
import { linear, type Guest } from './guest.ts';

const TICKS_PER_DAY = 0x1800b0;
const TICKS_PER_SECOND = 1193182 / 65536;
const FLOPPY_DOR = 0x3f2;
const DOR_MOTORS_OFF = 0x0c;

const RTC = {
  SECONDS: 0,
  SECONDS_ALARM: 1,
  MINUTES: 2,
  MINUTES_ALARM: 3,
  HOURS: 4,
  HOURS_ALARM: 5,
  DAY: 7,
  MONTH: 8,
  YEAR: 9,
  B: 0x0b,
  C: 0x0c,
  CENTURY: 0x32,
} as const;
const B_PERIODIC = 0x40;
const B_ALARM = 0x20;
const B_SET = 0x80;
const B_DAYLIGHT = 0x01;
const C_PERIODIC = 0x40;
const C_ALARM = 0x20;
/** One period at the 1024 Hz that POST programs. */
const PERIOD_US = 976;
const AH_WAIT = 0x86;
const WAIT_BUSY = 0x01;
const WAIT_DONE = 0x80;
const WAIT_ACTIVE_ADDRESS = 0x4a0;

const fromBcd = (value: number): number => (value >> 4) * 10 + (value & 0x0f);

export class TimerServices {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** INT 08h; the stub goes on with INT 1Ch and the end of interrupt. */
  tick(): void {
    const g = this.#guest;
    const ticks = g.bda32(BDA.TICKS) + 1;
    if (ticks >= TICKS_PER_DAY) {
      g.setBda32(BDA.TICKS, 0);
      g.setBda8(BDA.TICK_OVERFLOW, 1);
    } else g.setBda32(BDA.TICKS, ticks);
    const motor = g.bda8(BDA.FLOPPY_MOTOR_COUNT);
    if (motor === 0) return;
    g.setBda8(BDA.FLOPPY_MOTOR_COUNT, motor - 1);
    if (motor === 1) {
      g.setBda8(BDA.FLOPPY_MOTORS, g.bda8(BDA.FLOPPY_MOTORS) & 0xf0);
      g.out8(FLOPPY_DOR, DOR_MOTORS_OFF);
    }
  }

  /** Sets the tick count from the RTC's time of day. */
  initialise(): void {
    const g = this.#guest;
    const seconds =
      fromBcd(g.cmosRead(RTC.HOURS)) * 3600 + fromBcd(g.cmosRead(RTC.MINUTES)) * 60 + fromBcd(g.cmosRead(RTC.SECONDS));
    g.setBda32(BDA.TICKS, Math.floor(seconds * TICKS_PER_SECOND) % TICKS_PER_DAY);
  }

  /** INT 70h. Live carry set: the alarm rang, the stub calls INT 4Ah. */
  realTimeClock(): void {
    const g = this.#guest;
    const cause = g.cmosRead(RTC.C);
    if (cause & C_PERIODIC && g.bda8(BDA.WAIT_ACTIVE) & WAIT_BUSY) {
      const left = g.bda32(BDA.WAIT_COUNT);
      if (left > PERIOD_US) g.setBda32(BDA.WAIT_COUNT, left - PERIOD_US);
      else this.#waitOver();
    }
    g.setLiveCarry((cause & C_ALARM) !== 0);
  }

  #waitOver(): void {
    const g = this.#guest;
    g.setBda32(BDA.WAIT_COUNT, 0);
    g.setBda8(BDA.WAIT_ACTIVE, 0);
    g.cmosWrite(RTC.B, g.cmosRead(RTC.B) & ~B_PERIODIC);
    const flag = linear(g.bda16(BDA.WAIT_USER_FLAG + 2), g.bda16(BDA.WAIT_USER_FLAG));
    g.write8(flag, g.read8(flag) | WAIT_DONE);
  }

  #startWait(segment: number, offset: number, microseconds: number): void {
    const g = this.#guest;
    g.setBda16(BDA.WAIT_USER_FLAG, offset);
    g.setBda16(BDA.WAIT_USER_FLAG + 2, segment);
    g.setBda32(BDA.WAIT_COUNT, microseconds);
    g.setBda8(BDA.WAIT_ACTIVE, WAIT_BUSY);
    g.out8(0x21, g.in8(0x21) & ~0x04);
    g.out8(0xa1, g.in8(0xa1) & ~0x01);
    g.cmosWrite(RTC.B, g.cmosRead(RTC.B) | B_PERIODIC);
  }

  /** INT 15h AH=83h: AL=0 posts bit 7 of ES:BX after CX:DX microseconds, AL=1 cancels. */
  eventWait(): void {
    const g = this.#guest;
    if (g.al === 1) {
      g.setBda8(BDA.WAIT_ACTIVE, 0);
      g.cmosWrite(RTC.B, g.cmosRead(RTC.B) & ~B_PERIODIC);
      g.ah = 0;
      g.setCarry(false);
      return;
    }
    if (g.bda8(BDA.WAIT_ACTIVE) & WAIT_BUSY || g.al !== 0) {
      g.ah = 0x80;
      g.setCarry(true);
      return;
    }
    this.#startWait(g.cpu.es, g.bx, ((g.cx << 16) | g.dx) >>> 0);
    g.ah = 0;
    g.setCarry(false);
  }

  /** INT 15h AH=86h: live carry set while the stub has to wait. */
  wait(): void {
    const g = this.#guest;
    if (g.bda8(BDA.WAIT_ACTIVE) & WAIT_BUSY) {
      g.ah = 0x83;
      g.setCarry(true);
      return;
    }
    g.setCarry(false);
    const microseconds = ((g.cx << 16) | g.dx) >>> 0;
    if (microseconds === 0) return;
    this.#startWait(0, WAIT_ACTIVE_ADDRESS, microseconds);
    g.setLiveCarry(true);
  }
  /** After an interrupt woke the stub. AH tells a timed wait from APM's Idle, which any interrupt ends. */
  waiting(): void {
    const g = this.#guest;
    if (g.ah !== AH_WAIT) return;
    const flag = g.bda8(BDA.WAIT_ACTIVE);
    if (flag & WAIT_DONE) g.setBda8(BDA.WAIT_ACTIVE, 0);
    const over = (flag & WAIT_DONE) !== 0 || (flag & WAIT_BUSY) === 0;
    if (over) g.ah = 0;
    g.setLiveCarry(!over);
  }

  /** INT 1Ah but AH=00h, which the stub answers itself. */
  call(): void {
    const g = this.#guest;
    g.setCarry(false);
    switch (g.ah) {
      case 0x01:
        g.setBda16(BDA.TICKS + 2, g.cx);
        g.setBda16(BDA.TICKS, g.dx);
        g.setBda8(BDA.TICK_OVERFLOW, 0);
        g.ah = 0;
        break;
      case 0x02:
        g.ch = g.cmosRead(RTC.HOURS);
        g.cl = g.cmosRead(RTC.MINUTES);
        g.dh = g.cmosRead(RTC.SECONDS);
        g.dl = g.cmosRead(RTC.B) & B_DAYLIGHT;
        g.ah = 0;
        break;
      case 0x03:
        this.#whileStopped(g.dl & B_DAYLIGHT, () => {
          g.cmosWrite(RTC.HOURS, g.ch);
          g.cmosWrite(RTC.MINUTES, g.cl);
          g.cmosWrite(RTC.SECONDS, g.dh);
        });
        g.ah = 0;
        break;
      case 0x04:
        g.ch = g.cmosRead(RTC.CENTURY);
        g.cl = g.cmosRead(RTC.YEAR);
        g.dh = g.cmosRead(RTC.MONTH);
        g.dl = g.cmosRead(RTC.DAY);
        g.ah = 0;
        break;
      case 0x05:
        this.#whileStopped(g.cmosRead(RTC.B) & B_DAYLIGHT, () => {
          g.cmosWrite(RTC.CENTURY, g.ch);
          g.cmosWrite(RTC.YEAR, g.cl);
          g.cmosWrite(RTC.MONTH, g.dh);
          g.cmosWrite(RTC.DAY, g.dl);
        });
        g.ah = 0;
        break;
      case 0x06:
        this.#setAlarm();
        break;
      case 0x07:
        g.cmosWrite(RTC.B, g.cmosRead(RTC.B) & ~B_ALARM);
        g.ah = 0;
        break;
      default: // PCI BIOS (B1h) too: carry says that the function is not there
        g.setCarry(true);
    }
  }

  #whileStopped(daylight: number, write: () => void): void {
    const g = this.#guest;
    const control = (g.cmosRead(RTC.B) & ~B_DAYLIGHT) | daylight;
    g.cmosWrite(RTC.B, control | B_SET);
    write();
    g.cmosWrite(RTC.B, control & ~B_SET);
  }

  #setAlarm(): void {
    const g = this.#guest;
    const control = g.cmosRead(RTC.B);
    if (control & B_ALARM) {
      g.setCarry(true); // one alarm at a time
      return;
    }
    g.cmosWrite(RTC.HOURS_ALARM, g.ch);
    g.cmosWrite(RTC.MINUTES_ALARM, g.cl);
    g.cmosWrite(RTC.SECONDS_ALARM, g.dh);
    g.out8(0x21, g.in8(0x21) & ~0x04);
    g.out8(0xa1, g.in8(0xa1) & ~0x01);
    g.cmosWrite(RTC.B, (control & ~B_SET) | B_ALARM);
    g.ah = 0;
  }
}
