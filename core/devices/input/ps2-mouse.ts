import type { MouseInput } from '../../backends/index.ts';
import type { Device, Timer, TimerQueue } from '../../bus/index.ts';
import {
  bool,
  bytes,
  create,
  defineState,
  f64,
  fifo,
  i32,
  oneOf,
  resetState,
  u8,
  type StateOf,
} from '../../state/index.ts';
import type { Ps2Device } from './ps2-device.ts';

/**
 * PS/2 mouse with wheel and five buttons. IBM PS/2 Technical Reference, "Mouse"; Microsoft "IntelliMouse and IntelliMouse
 * Explorer" detection (sample rates 200, 100, 80 and 200, 200, 80). The resolution is kept for the guest to read back:
 * counts reach it as the host sends them, for a pointer that moves as the user expects whatever the driver chose.
 */
export const Ps2Mouse = defineState({
  name: 'ps2-mouse',
  version: 1,
  fields: {
    out: fifo(32, { doc: 'answers and movement packets' }),
    mode: oneOf(['stream', 'remote'], { doc: 'reporting mode' }),
    wrap: bool({ doc: 'wrap mode: bytes are echoed' }),
    reporting: bool({ doc: 'stream mode reports are enabled' }),
    scaling2: bool({ doc: 'scaling 2:1' }),
    resolution: u8({ doc: '0 to 3: 1, 2, 4, 8 counts per mm', reset: 2 }),
    sampleRate: u8({ doc: 'reports per second', reset: 100 }),
    lastRates: bytes(3, { doc: 'sample rates set last, oldest first' }),
    deviceId: u8({ doc: '0 standard, 3 with wheel, 4 with five buttons' }),
    awaiting: u8({ doc: 'command whose argument comes next, 0 none' }),
    lastPacket: bytes(4, { doc: 'for Resend' }),
    lastLength: u8({ doc: 'bytes of lastPacket in use' }),
    dx: i32({ doc: 'counts not yet reported' }),
    dy: i32({ doc: 'counts not yet reported, down positive' }),
    dz: i32({ doc: 'wheel notches not yet reported' }),
    buttonsNow: u8({ doc: 'as the host says' }),
    buttonsSent: u8({ doc: 'as last reported' }),
    buttonChanges: fifo(16, { doc: 'button states to report in order, so that a quick click is not lost' }),
    reportWanted: bool({ doc: 'a report is due even if nothing moved' }),
    nextSampleNs: f64({ doc: 'no report before this time, -1: none is being waited for', reset: -1 }),
  },
});

const ACK = 0xfa;
const RESEND = 0xfe;
const SAMPLE_RATES = new Set([10, 20, 40, 60, 80, 100, 200]);

/** Far more than a report carries; keeps the sums within bounds when nobody reads them. */
const MAX_PENDING = 4096;
const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));

/** 2:1 scaling of automatic reports: small movements are slowed, large ones doubled. */
function scale2(count: number): number {
  const size = Math.abs(count);
  const scaled = size > 5 ? size * 2 : [0, 1, 1, 3, 6, 9][size];
  return count < 0 ? -scaled : scaled;
}

export class Ps2MouseDevice implements Device<typeof Ps2Mouse>, Ps2Device, MouseInput {
  readonly id: string;
  readonly spec = Ps2Mouse;
  readonly state: StateOf<typeof Ps2Mouse> = create(Ps2Mouse);
  onData: () => void = () => {};
  readonly #timers: TimerQueue;
  readonly #timer: Timer;

  constructor(id: string, timers: TimerQueue) {
    this.id = id;
    this.#timers = timers;
    this.#timer = timers.create(`${id}.sample`, () => {
      this.state.nextSampleNs = -1;
      this.#report();
    });
  }

  reset(): void {
    resetState(Ps2Mouse, this.state);
    this.#timer.disarm();
  }

  postLoad(): void {
    if (this.state.nextSampleNs >= 0) this.#timer.arm(this.state.nextSampleNs);
    else this.#timer.disarm();
  }

  // MouseInput

  move(dx: number, dy: number, wheel: number): void {
    const s = this.state;
    s.dx = clamp(s.dx + counts(dx), MAX_PENDING);
    s.dy = clamp(s.dy + counts(dy), MAX_PENDING);
    s.dz = clamp(s.dz + counts(wheel), MAX_PENDING);
    this.#report();
  }

  buttons(mask: number): void {
    const s = this.state;
    if ((mask & 0x1f) === s.buttonsNow) return;
    s.buttonsNow = mask & 0x1f;
    if (s.mode === 'stream' && s.reporting) s.buttonChanges.push(s.buttonsNow);
    this.#report();
  }

  /** A report without news, for a driver that finds at the interrupt what another part has to say. */
  requestReport(): void {
    this.state.reportWanted = true;
    this.#report();
  }

  // Ps2Device

  get hasData(): boolean {
    return this.state.out.size > 0;
  }

  take(): number | undefined {
    const byte = this.state.out.shift();
    if (this.state.out.size === 0) this.#report();
    return byte;
  }

  write(byte: number): void {
    const s = this.state;
    const command = s.awaiting;
    s.awaiting = 0;
    // Whatever was being sent gives way to the answer.
    s.out.clear();
    if (s.wrap && byte !== 0xec && byte !== 0xff) this.#send(byte);
    else if (command !== 0) this.#argument(command, byte);
    else this.#command(byte);
    this.onData();
  }

  #command(byte: number): void {
    const s = this.state;
    switch (byte) {
      case 0xe6: // Reset Scaling
      case 0xe7: // Set Scaling 2:1
        s.scaling2 = byte === 0xe7;
        return this.#send(ACK);
      case 0xe8: // Set Resolution
      case 0xf3: // Set Sampling Rate
        s.awaiting = byte;
        return this.#send(ACK);
      case 0xe9: // Status Request
        return this.#send(ACK, this.#status(), s.resolution, s.sampleRate);
      case 0xea: // Set Stream Mode
      case 0xf0: // Set Remote Mode
        s.mode = byte === 0xea ? 'stream' : 'remote';
        this.#forgetMotion();
        return this.#send(ACK);
      case 0xeb: // Read Data
        this.#send(ACK);
        return this.#sendPacket(false);
      case 0xec: // Reset Wrap Mode
        s.wrap = false;
        this.#forgetMotion();
        return this.#send(ACK);
      case 0xee: // Set Wrap Mode
        s.wrap = true;
        return this.#send(ACK);
      case 0xf2: // Read Device Type
        return this.#send(ACK, s.deviceId);
      case 0xf4: // Enable
        s.reporting = true;
        this.#forgetMotion();
        return this.#send(ACK);
      case 0xf5: // Disable
        s.reporting = false;
        return this.#send(ACK);
      case 0xf6: // Set Default
        this.#setDefaults();
        return this.#send(ACK);
      case 0xfe: // Resend
        for (let i = 0; i < Math.min(s.lastLength, 4); i++) s.out.push(s.lastPacket[i]);
        return;
      case 0xff: // Reset
        this.#setDefaults();
        s.wrap = false;
        s.deviceId = 0;
        s.lastRates.fill(0);
        this.#send(ACK);
        return this.#send(0xaa, s.deviceId);
      default:
        return this.#send(RESEND);
    }
  }

  #argument(command: number, value: number): void {
    const s = this.state;
    if (command === 0xe8) {
      if (value > 3) return this.#send(RESEND);
      s.resolution = value;
      return this.#send(ACK);
    }
    if (!SAMPLE_RATES.has(value)) return this.#send(RESEND);
    s.sampleRate = value;
    s.lastRates.copyWithin(0, 1);
    s.lastRates[2] = value;
    const [first, second, third] = s.lastRates;
    if (first === 200 && second === 100 && third === 80) s.deviceId = Math.max(s.deviceId, 3);
    if (first === 200 && second === 200 && third === 80) s.deviceId = 4;
    this.#send(ACK);
  }

  #status(): number {
    const s = this.state;
    const b = s.buttonsNow;
    const buttons = ((b & 1) << 2) | ((b & 4) >> 1) | ((b & 2) >> 1); // left, middle, right from bit 2 down
    return buttons | (s.scaling2 ? 0x10 : 0) | (s.reporting ? 0x20 : 0) | (s.mode === 'remote' ? 0x40 : 0);
  }

  #setDefaults(): void {
    const s = this.state;
    s.mode = 'stream';
    s.reporting = false;
    s.scaling2 = false;
    s.resolution = 2;
    s.sampleRate = 100;
    this.#forgetMotion();
  }

  #forgetMotion(): void {
    const s = this.state;
    s.dx = s.dy = s.dz = 0;
    s.reportWanted = false;
    s.buttonChanges.clear();
    s.buttonsSent = s.buttonsNow;
  }

  #send(...answer: number[]): void {
    const s = this.state;
    for (const byte of answer) s.out.push(byte);
    s.lastPacket.set(answer.slice(0, 4));
    s.lastLength = Math.min(answer.length, 4);
  }

  /** Stream mode: sends what is new once the last report is taken and the sample time has come. */
  #report(): void {
    const s = this.state;
    if (s.mode !== 'stream' || !s.reporting || s.wrap || s.awaiting !== 0) return;
    const wheelMoved = s.deviceId !== 0 && s.dz !== 0;
    if (s.dx === 0 && s.dy === 0 && !wheelMoved && s.buttonChanges.size === 0 && !s.reportWanted) return;
    if (s.out.size > 0 || s.nextSampleNs >= 0) return;
    this.#sendPacket(s.scaling2);
    s.nextSampleNs = this.#timers.nowNs + Math.floor(1e9 / Math.max(s.sampleRate, 10));
    this.#timer.arm(s.nextSampleNs);
    this.onData();
  }

  /** Byte 0: Y and X overflow, Y and X sign, 1, middle, right, left; then X, Y (up positive), and the wheel. */
  #sendPacket(scaled: boolean): void {
    const s = this.state;
    const limit = scaled ? 127 : 255; // what does not fit waits for the next report, so overflow never happens
    const dx = clamp(s.dx, limit);
    const dy = clamp(s.dy, limit);
    s.dx -= dx;
    s.dy -= dy;
    s.reportWanted = false;
    s.buttonsSent = s.buttonChanges.shift() ?? s.buttonsNow;
    const x = scaled ? scale2(dx) : dx;
    const y = -(scaled ? scale2(dy) : dy);
    const packet = [(s.buttonsSent & 0x07) | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0), x & 0xff, y & 0xff];
    if (s.deviceId === 0) {
      s.dz = 0;
    } else {
      const dz = clamp(s.dz, 7);
      s.dz -= dz;
      packet.push(s.deviceId === 4 ? (dz & 0x0f) | ((s.buttonsSent & 0x18) << 1) : dz & 0xff);
    }
    this.#send(...packet);
  }
}

function counts(value: number): number {
  return Number.isFinite(value) ? Math.trunc(value) : 0;
}
