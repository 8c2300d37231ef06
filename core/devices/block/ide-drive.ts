/**
 * What a disk and a CD-ROM drive have in common on an ATA cable: how a command ends, and how data is offered and
 * taken. ATA/ATAPI-7 volume 1, chapter 9 (protocols).
 */
import { DEVICE, ERROR, STATUS, TRANSFER_BYTES, type DriveState } from './ide-state.ts';

/** Told when INTRQ goes up. */
export type RaiseIntrq = () => void;

const READY = STATUS.DRDY | STATUS.DSC;

export abstract class IdeDrive {
  readonly state: DriveState;
  readonly #intrq: RaiseIntrq;

  constructor(state: DriveState, intrq: RaiseIntrq) {
    this.state = state;
    this.#intrq = intrq;
  }

  abstract readonly isPacket: boolean;
  /** Carries out `state.command`. */
  abstract execute(): void;
  /** The block that the data port moved is through. */
  abstract blockDone(): void;
  /** `dma-in`: the next portion for memory, undefined when the command is through (or failed). */
  abstract dmaTake(): Uint8Array | undefined;
  /** `dma-out`: where the next portion goes, undefined when the command is through; filled when `dmaFilled` is called. */
  abstract dmaRoom(): Uint8Array | undefined;
  abstract dmaFilled(): void;
  /** Registers as after a reset: signature and diagnostic code. */
  abstract signature(): void;
  /** What a software reset does beside that. */
  abstract softReset(): void;

  protected interrupt(): void {
    this.#intrq();
  }

  complete(interrupt = true): void {
    const s = this.state;
    s.phase = 'idle';
    s.status = READY;
    s.error = 0;
    s.buffer.clear();
    if (interrupt) this.#intrq();
  }

  fail(error: number, status: number = STATUS.ERR): void {
    const s = this.state;
    s.phase = 'idle';
    s.status = READY | status;
    s.error = error;
    s.buffer.clear();
    this.#intrq();
  }

  abort(): void {
    this.fail(ERROR.ABRT);
  }

  /** Lets the guest read the buffer's next `length` bytes. */
  protected offer(length: number, interrupt = true): void {
    const s = this.state;
    s.buffer.end = s.buffer.pos + length;
    s.phase = 'pio-in';
    s.status = READY | STATUS.DRQ;
    s.error = 0;
    if (interrupt) this.#intrq();
  }

  /** Lets the guest write `length` bytes to the start of the buffer. */
  protected accept(length: number, interrupt: boolean, phase: 'pio-out' | 'packet' = 'pio-out'): void {
    const s = this.state;
    s.buffer.pos = 0;
    s.buffer.end = length;
    s.buffer.length = length;
    s.phase = phase;
    s.status = READY | STATUS.DRQ;
    s.error = 0;
    if (interrupt) this.#intrq();
  }

  /** Waits for the bus master. */
  protected awaitDma(direction: 'in' | 'out'): void {
    const s = this.state;
    s.buffer.clear();
    s.phase = direction === 'in' ? 'dma-in' : 'dma-out';
    s.status = READY | STATUS.DRQ;
    s.error = 0;
  }

  /** Puts `bytes` into the buffer as everything that is to be read. */
  protected fill(bytes: Uint8Array): void {
    const { buffer } = this.state;
    buffer.clear();
    buffer.length = Math.min(bytes.length, TRANSFER_BYTES);
    buffer.data.set(bytes.subarray(0, buffer.length));
  }

  protected setSignature(mid: number, high: number): void {
    const s = this.state;
    s.count = 1;
    s.lbaLow = 1;
    s.lbaMid = mid;
    s.lbaHigh = high;
    s.device &= DEVICE.DEV;
    s.error = 0x01;
  }
}

/** ATA strings: two characters a word, the first in the high byte, padded with blanks. */
export function putAtaString(words: Uint16Array, at: number, wordCount: number, text: string): void {
  const padded = text.padEnd(wordCount * 2).slice(0, wordCount * 2);
  for (let i = 0; i < wordCount; i++)
    words[at + i] = (padded.charCodeAt(i * 2) << 8) | (padded.charCodeAt(i * 2 + 1) & 0xff);
}

export function wordsToBytes(words: Uint16Array): Uint8Array {
  const out = new Uint8Array(words.length * 2);
  words.forEach((word, i) => {
    out[i * 2] = word & 0xff;
    out[i * 2 + 1] = word >> 8;
  });
  return out;
}

/** Words 63 and 88: the modes that are supported, and the selected one in the high byte. */
export function dmaModes(transferMode: number, kind: 'multiword' | 'ultra', supported: number): number {
  const base = kind === 'multiword' ? 0x20 : 0x40;
  return (transferMode & 0xf8) === base ? supported | (0x100 << (transferMode & 7)) : supported;
}

/** SET FEATURES 03h; false when the mode does not exist. */
export function setTransferMode(state: DriveState, mode: number): boolean {
  const limit = ({ 0x00: 1, 0x08: 4, 0x20: 2, 0x40: 5 } as Record<number, number>)[mode & 0xf8];
  if (limit === undefined || (mode & 7) > limit) return false;
  if (mode >= 0x20) state.transferMode = mode;
  return true;
}
