/** Throws the same random life at any device: accesses, pokes, and time, all from one seed. */
import { advance, type Device, type IoWidth } from '../../core/bus/index.ts';
import { loadState, saveState } from '../../core/state/index.ts';
import { Random, type Subject, type Window } from './subject.ts';

const WIDTHS: readonly IoWidth[] = [1, 2, 4];
/** Values that registers treat specially come up more often than chance would bring them. */
const TELLING = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x8000, 0xffffffff];

function pickWidth(random: Random, window: Window, offset: number): IoWidth {
  const fits = (window.widths ?? WIDTHS).filter((width) => offset + width <= window.sizeBytes);
  return fits.length > 0 ? random.pick(fits) : 1;
}

function readWindow(window: Window, offset: number, width: IoWidth): number {
  const value = window.port
    ? window.port.ioRead(window.range, offset, width)
    : window.mmio!.mmioRead(window.range, offset, width);
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width))
    throw new RangeError(`range ${window.range} offset ${offset} width ${width} read ${value}`);
  return value;
}

function writeWindow(window: Window, offset: number, width: IoWidth, value: number): void {
  if (window.port) window.port.ioWrite(window.range, offset, width, value);
  else window.mmio!.mmioWrite(window.range, offset, width, value);
}

/** One to 200 us mostly; now and then up to two seconds that the host slept through. */
function passTime(random: Random, subject: Subject): void {
  const { clock, timers } = subject;
  if (random.below(200) === 0) {
    clock.nowNs += random.below(2_000_000_000);
    timers.runDue();
  } else advance(clock, timers, clock.nowNs + random.below(200_000));
}

/** One random step; the value read, or undefined. */
export function step(random: Random, subject: Subject): number | undefined {
  const what = random.below(16);
  if (what === 0) passTime(random, subject);
  else if (what === 1) subject.poke?.(random);
  else if (subject.windows.length > 0) {
    const window = random.pick(subject.windows);
    const offset = random.below(window.sizeBytes);
    const width = pickWidth(random, window, offset);
    if (what < 8) return readWindow(window, offset, width);
    const raw = random.below(4) === 0 ? random.pick(TELLING) : random.u32();
    writeWindow(window, offset, width, width === 4 ? raw : raw & (2 ** (8 * width) - 1));
  }
  return undefined;
}

/** `count` steps; what was read and driven on the way. */
export function live(subject: Subject, seed: number, count: number): string[] {
  const random = new Random(seed);
  const seen: string[] = [];
  for (let i = 0; i < count; i++) {
    const value = step(random, subject);
    if (value !== undefined) seen.push(value.toString(16));
    seen.push(subject.outputs?.() ?? '');
  }
  return seen;
}

/** Untouched for a while; what was driven meanwhile. */
export function idle(subject: Subject): string[] {
  const { clock, timers } = subject;
  return Array.from({ length: 500 }, () => {
    advance(clock, timers, clock.nowNs + 300_000);
    return subject.outputs?.() ?? '';
  });
}

const parts = (subject: Subject): readonly Device[] => [subject.device, ...(subject.also ?? [])];

export function save(subject: Subject): Uint8Array[] {
  return parts(subject).map((part) => {
    part.preSave?.();
    return saveState(part.spec, part.state as never);
  });
}

/** Loads every part at the instant of the save, as a machine does; the first error's code, or undefined. */
export function load(subject: Subject, images: readonly Uint8Array[], nowNs: number): string | undefined {
  subject.clock.nowNs = nowNs;
  for (const [i, part] of parts(subject).entries()) {
    const result = loadState(part.spec, part.state as never, images[i]);
    if (!result.ok) return result.error.code;
  }
  for (const part of parts(subject)) part.postLoad?.();
  return undefined;
}

export function powerOn(subject: Subject): Subject {
  for (const part of [...parts(subject)].reverse()) part.reset('power');
  return subject;
}
