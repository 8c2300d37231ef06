import { ByteReader, ByteWriter, TruncatedError, err, ok, type Result } from '../base/index.ts';
import { fail } from './codes.ts';
import { decodeArea, encodeArea } from './pixels.ts';

/**
 * Messages between a machine's process and a window, one per MessagePort or WebSocket message. All numbers are
 * little-endian; text is UTF-8 with a u32 length in bytes. The first byte tells the message:
 *
 * machine to window
 *   01 frame     sequence u32, width u16, height u16, rectangle count u16, then per rectangle:
 *                x u16, y u16, width u16, height u16, encoding u8, length u32, data (see pixels.ts)
 *                Encoding 3: what is in the picture already, at x u16, y u16, as the rectangles before this one left it.
 *                A frame whose size differs from the last one's begins a new picture: it covers all of it.
 *   02 text      mode u8 (0: graphics, no rows), row count u16, rows as text
 *   03 serial    port u8 (0 is COM1), the remaining bytes as the guest sent them
 *   04 status    state u8 (bit 0 paused, bit 1 the guest takes positions of the pointer), activity u8 (bit 0 floppy, 1 disk, 2 CD-ROM, 3 serial),
 *                guest time in ns f64, instructions f64, instructions per host second f64, busy share of a core f64,
 *                bytes read and written by drives f64 each, resident bytes of its process f64, of these shared with others f64 (-1: not known),
 *                share of compiled code f64, bytes that are left to type u32
 *
 * window to machine
 *   81 watch     what to send: bit 0 frames, 1 text, 2 serial, 3 status. A new watcher gets the whole picture first.
 *   82 ack       sequence u32 of a frame that is on the screen; at most FRAMES_IN_FLIGHT go unacknowledged
 *   83 key       down u8, KeyboardEvent.code as text
 *   84 release   all keys up (the window lost the focus)
 *   85 mouse     dx i16, dy i16, wheel i8, buttons u8 (bit 0 left, 1 right, 2 middle)
 *   89 pointer   x u16, y u16 (0 to 65535 over the screen), wheel i8, buttons u8; for a guest that takes positions
 *   86 type      text, typed as keys of a US keyboard
 *   87 chord     count u8, that many codes as text: pressed in order, released in reverse
 *   8a stop      nothing more is typed of what 86 and 87 asked for
 *   88 serial    port u8, the remaining bytes go to the guest
 */
interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface PixelRect extends Area {
  /** R G B A, `width * height * 4` bytes: fits `new ImageData(pixels, width, height)`. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}
/** What scrolled: the picture has it already, at `from`. The two may overlap. */
export interface MovedRect extends Area {
  readonly from: { readonly x: number; readonly y: number };
}
export type FrameRect = PixelRect | MovedRect;

export interface FrameMessage {
  readonly type: 'frame';
  readonly sequence: number;
  readonly width: number;
  readonly height: number;
  readonly rects: readonly FrameRect[];
}
/** `rows` is undefined in graphics modes. */
export interface TextMessage {
  readonly type: 'text';
  readonly rows: readonly string[] | undefined;
}
export interface SerialMessage {
  readonly type: 'serial';
  readonly port: number;
  readonly data: Uint8Array;
}
export interface Activity {
  readonly floppy: boolean;
  readonly disk: boolean;
  readonly cdrom: boolean;
  readonly serial: boolean;
}
export interface StatusMessage {
  readonly type: 'status';
  readonly paused: boolean;
  /** The guest takes positions of the pointer: it need not be captured. */
  readonly absolutePointer: boolean;
  readonly activity: Activity;
  readonly guestNs: number;
  readonly instructions: number;
  readonly instructionsPerSecond: number;
  /** Of the host's processor, by the machine's process: 0 (idle) to 1 (a whole core) and more, where several threads work. */
  readonly busyShare: number;
  /** Of that, by the thread that runs the guest. The others compile, and read and write disks. */
  readonly guestShare: number;
  /** What the drives moved since the start. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Of the host's memory, by the machine's process. */
  readonly residentBytes: number;
  /** Of these, what other processes have too; undefined where the host does not tell. */
  readonly sharedBytes: number | undefined;
  /** Of the time since the last status that was spent in guest code: how much of it in compiled regions, 0 to 1. */
  readonly compiledShare: number;
  /** Of what is typed for somebody, in bytes of the queue: a character is one, a chord one and one for each key. 0: nothing is typed. */
  readonly typingBytes: number;
}
export type MachineMessage = FrameMessage | TextMessage | SerialMessage | StatusMessage;

export interface WatchMessage {
  readonly type: 'watch';
  readonly frames: boolean;
  readonly text: boolean;
  readonly serial: boolean;
  readonly status: boolean;
}
export interface AckMessage {
  readonly type: 'ack';
  readonly sequence: number;
}
export interface KeyMessage {
  readonly type: 'key';
  readonly code: string;
  readonly down: boolean;
}
export interface ReleaseMessage {
  readonly type: 'release';
}
export interface MouseMessage {
  readonly type: 'mouse';
  readonly dx: number;
  readonly dy: number;
  readonly wheel: number;
  readonly buttons: number;
}
/** `x`, `y`: 0 to 65535 over the whole screen. */
export interface PointerMessage {
  readonly type: 'pointer';
  readonly x: number;
  readonly y: number;
  readonly wheel: number;
  readonly buttons: number;
}
export interface TypeMessage {
  readonly type: 'type';
  readonly text: string;
}
/** Of what is typed, forget the rest. */
export interface StopTypingMessage {
  readonly type: 'stop-typing';
}
export interface ChordMessage {
  readonly type: 'chord';
  readonly codes: readonly string[];
}
export type WindowMessage =
  | WatchMessage
  | AckMessage
  | KeyMessage
  | ReleaseMessage
  | MouseMessage
  | PointerMessage
  | TypeMessage
  | ChordMessage
  | StopTypingMessage
  | SerialMessage;

export const FRAMES_IN_FLIGHT = 2;
/** Longest message that either end accepts, in bytes: a raw frame of the largest VBE mode with room to spare. */
export const STREAM_BYTES_MAX = 32 * 1024 * 1024;
/** Longest message that a machine accepts from a window. */
export const WINDOW_BYTES_MAX = 64 * 1024;

const FRAME = 0x01;
const TEXT = 0x02;
const SERIAL = 0x03;
const STATUS = 0x04;
const WATCH = 0x81;
const ACK = 0x82;
const KEY = 0x83;
const RELEASE = 0x84;
const MOUSE = 0x85;
const TYPE = 0x86;
const CHORD = 0x87;
const SERIAL_IN = 0x88;
const POINTER = 0x89;
const STOP_TYPING = 0x8a;

/** A frame message and an area of it without its data. */
const FRAME_BYTES = 11;
const AREA_BYTES = 13;

const SIDE_MAX = 4096;
const RECTS_MAX = 4096;
const ROWS_MAX = 512;
const CODE_MAX = 32;
const CHORD_MAX = 16;

const ENCODING_MOVED = 3;
const MOVED_BYTES = 4;

/** A frame message straight from the adapter's picture, its rectangles in this order. Areas lie within the frame. */
export function encodeFrame(
  sequence: number,
  frame: { readonly width: number; readonly height: number; readonly pixels: Uint8ClampedArray },
  areas: readonly (Area | MovedRect)[],
): Uint8Array<ArrayBuffer> {
  const encoded = areas.map((area) => ({
    area,
    ...('from' in area ? { encoding: ENCODING_MOVED, data: encodeFrom(area) } : encodeArea(frame, area)),
  }));
  const out = new ByteWriter(encoded.reduce((sum, { data }) => sum + AREA_BYTES + data.length, FRAME_BYTES));
  out.u8(FRAME);
  out.u32(sequence);
  out.u16(frame.width);
  out.u16(frame.height);
  out.u16(areas.length);
  for (const { area, encoding, data } of encoded) {
    out.u16(area.x);
    out.u16(area.y);
    out.u16(area.width);
    out.u16(area.height);
    out.u8(encoding);
    out.blob(data);
  }
  return finish(out);
}

function encodeFrom({ from }: MovedRect): Uint8Array {
  const out = new ByteWriter(MOVED_BYTES);
  out.u16(from.x);
  out.u16(from.y);
  return out.finish();
}

export function encodeMachineMessage(message: Exclude<MachineMessage, FrameMessage>): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  switch (message.type) {
    case 'text':
      out.u8(TEXT);
      out.u8(message.rows ? 1 : 0);
      out.u16(message.rows?.length ?? 0);
      for (const row of message.rows ?? []) out.text(row);
      break;
    case 'serial':
      out.u8(SERIAL);
      out.u8(message.port);
      out.raw(message.data);
      break;
    case 'status': {
      const { activity } = message;
      out.u8(STATUS);
      out.u8(bits(message.paused, message.absolutePointer));
      out.u8(bits(activity.floppy, activity.disk, activity.cdrom, activity.serial));
      out.f64(message.guestNs);
      out.f64(message.instructions);
      out.f64(message.instructionsPerSecond);
      out.f64(message.busyShare);
      out.f64(message.guestShare);
      out.f64(message.readBytes);
      out.f64(message.writtenBytes);
      out.f64(message.residentBytes);
      out.f64(message.sharedBytes ?? -1);
      out.f64(message.compiledShare);
      out.u32(message.typingBytes);
      break;
    }
  }
  return finish(out);
}

export function encodeWindowMessage(message: WindowMessage): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  switch (message.type) {
    case 'watch':
      out.u8(WATCH);
      out.u8(bits(message.frames, message.text, message.serial, message.status));
      break;
    case 'ack':
      out.u8(ACK);
      out.u32(message.sequence);
      break;
    case 'key':
      out.u8(KEY);
      out.u8(message.down ? 1 : 0);
      out.text(message.code);
      break;
    case 'release':
      out.u8(RELEASE);
      break;
    case 'mouse':
      out.u8(MOUSE);
      out.u16(clamp(message.dx, 0x7fff) & 0xffff);
      out.u16(clamp(message.dy, 0x7fff) & 0xffff);
      out.u8(clamp(message.wheel, 0x7f) & 0xff);
      out.u8(message.buttons & 7);
      break;
    case 'pointer':
      out.u8(POINTER);
      out.u16(Math.max(0, clamp(message.x, 0xffff)));
      out.u16(Math.max(0, clamp(message.y, 0xffff)));
      out.u8(clamp(message.wheel, 0x7f) & 0xff);
      out.u8(message.buttons & 7);
      break;
    case 'type':
      out.u8(TYPE);
      out.text(message.text);
      break;
    case 'chord':
      out.u8(CHORD);
      out.u8(message.codes.length);
      for (const code of message.codes) out.text(code);
      break;
    case 'stop-typing':
      out.u8(STOP_TYPING);
      break;
    case 'serial':
      out.u8(SERIAL_IN);
      out.u8(message.port);
      out.raw(message.data);
      break;
  }
  return finish(out);
}

/** Never throws: anything may arrive. Code `stream.malformed`. */
export function decodeMachineMessage(data: Uint8Array): Result<MachineMessage> {
  return decode(data, STREAM_BYTES_MAX, (input) => {
    const kind = input.u8();
    switch (kind) {
      case FRAME:
        return readFrame(input);
      case TEXT: {
        const isText = flag(input);
        const count = atMost(input.u16(), ROWS_MAX, 'rows');
        const rows = Array.from({ length: count }, () => input.text());
        return { type: 'text', rows: isText ? rows : undefined };
      }
      case SERIAL:
        return { type: 'serial', port: atMost(input.u8(), 3, 'port'), data: input.raw(input.remaining) };
      case STATUS: {
        const state = atMost(input.u8(), 3, 'state');
        const activity = atMost(input.u8(), 15, 'activity');
        return {
          type: 'status',
          paused: bit(state, 0),
          absolutePointer: bit(state, 1),
          activity: {
            floppy: bit(activity, 0),
            disk: bit(activity, 1),
            cdrom: bit(activity, 2),
            serial: bit(activity, 3),
          },
          guestNs: finite(input),
          instructions: finite(input),
          instructionsPerSecond: finite(input),
          busyShare: finite(input),
          guestShare: finite(input),
          readBytes: finite(input),
          writtenBytes: finite(input),
          residentBytes: finite(input),
          sharedBytes: known(finite(input)),
          compiledShare: finite(input),
          typingBytes: input.u32(),
        };
      }
      default:
        throw new RangeError(`unknown message ${kind}`);
    }
  });
}

/** Never throws: anything may arrive. Code `stream.malformed`. */
export function decodeWindowMessage(data: Uint8Array): Result<WindowMessage> {
  return decode(data, WINDOW_BYTES_MAX, (input) => {
    const kind = input.u8();
    switch (kind) {
      case WATCH: {
        const what = atMost(input.u8(), 15, 'watch');
        return { type: 'watch', frames: bit(what, 0), text: bit(what, 1), serial: bit(what, 2), status: bit(what, 3) };
      }
      case ACK:
        return { type: 'ack', sequence: input.u32() };
      case KEY:
        return { type: 'key', down: flag(input), code: shortText(input) };
      case RELEASE:
        return { type: 'release' };
      case MOUSE:
        return {
          type: 'mouse',
          dx: (input.u16() << 16) >> 16,
          dy: (input.u16() << 16) >> 16,
          wheel: (input.u8() << 24) >> 24,
          buttons: atMost(input.u8(), 7, 'buttons'),
        };
      case POINTER:
        return {
          type: 'pointer',
          x: input.u16(),
          y: input.u16(),
          wheel: (input.u8() << 24) >> 24,
          buttons: atMost(input.u8(), 7, 'buttons'),
        };
      case TYPE:
        return { type: 'type', text: input.text() };
      case CHORD: {
        const count = atMost(input.u8(), CHORD_MAX, 'codes');
        return { type: 'chord', codes: Array.from({ length: count }, () => shortText(input)) };
      }
      case STOP_TYPING:
        return { type: 'stop-typing' };
      case SERIAL_IN:
        return { type: 'serial', port: atMost(input.u8(), 3, 'port'), data: input.raw(input.remaining) };
      default:
        throw new RangeError(`unknown message ${kind}`);
    }
  });
}

function readFrame(input: ByteReader): FrameMessage {
  const sequence = input.u32();
  const width = atMost(input.u16(), SIDE_MAX, 'width');
  const height = atMost(input.u16(), SIDE_MAX, 'height');
  const count = atMost(input.u16(), RECTS_MAX, 'rectangles');
  const rects: FrameRect[] = [];
  let pixelsLeft = width * height * 4; // overlapping rectangles are allowed, a decompression bomb is not
  for (let i = 0; i < count; i++) {
    const area = { x: input.u16(), y: input.u16(), width: input.u16(), height: input.u16() };
    const encoding = input.u8();
    const data = input.blob();
    if (area.x + area.width > width || area.y + area.height > height)
      throw new RangeError('a rectangle leaves the frame');
    pixelsLeft -= area.width * area.height;
    if (pixelsLeft < 0) throw new RangeError('rectangles cover the frame too often');
    if (encoding === ENCODING_MOVED) {
      rects.push({ ...area, from: readFrom(data, area, width, height) });
      continue;
    }
    const pixels = decodeArea(area.width, area.height, encoding, data);
    if (!pixels) throw new RangeError('pixels are not encoded properly');
    rects.push({ ...area, pixels });
  }
  return { type: 'frame', sequence, width, height, rects };
}

function readFrom(data: Uint8Array, area: Area, width: number, height: number): MovedRect['from'] {
  if (data.length !== MOVED_BYTES) throw new RangeError(`a place of ${data.length} bytes`);
  const input = new ByteReader(data);
  const from = { x: input.u16(), y: input.u16() };
  if (from.x + area.width > width || from.y + area.height > height)
    throw new RangeError('a rectangle is moved from outside of the frame');
  return from;
}

function decode<T>(data: Uint8Array, bytesMax: number, read: (input: ByteReader) => T): Result<T> {
  if (data.length > bytesMax)
    return err(fail('stream.malformed', `a stream message of ${data.length} bytes is too long`));
  try {
    const input = new ByteReader(data);
    const message = read(input);
    if (input.remaining !== 0) throw new RangeError(`${input.remaining} bytes too many`);
    return ok(message);
  } catch (error) {
    if (error instanceof TruncatedError || error instanceof RangeError)
      return err(fail('stream.malformed', `stream message ${data[0] ?? 'of no bytes'}: ${error.message}`));
    throw error;
  }
}

/** A buffer of its own, so that it can be transferred. */
const finish = (out: ByteWriter): Uint8Array<ArrayBuffer> => out.finish() as Uint8Array<ArrayBuffer>;

const bits = (...flags: boolean[]): number => flags.reduce((sum, on, i) => (on ? sum | (1 << i) : sum), 0);
const bit = (value: number, index: number): boolean => ((value >> index) & 1) === 1;
const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, Math.trunc(value)));

function atMost(value: number, limit: number, what: string): number {
  if (value > limit) throw new RangeError(`${what}: ${value} is more than ${limit}`);
  return value;
}

const flag = (input: ByteReader): boolean => atMost(input.u8(), 1, 'flag') === 1;

const known = (value: number): number | undefined => (value < 0 ? undefined : value);

function finite(input: ByteReader): number {
  const value = input.f64();
  if (!Number.isFinite(value)) throw new RangeError('not a finite number');
  return value;
}

function shortText(input: ByteReader): string {
  const value = input.text();
  if (value.length > CODE_MAX) throw new RangeError(`a key name of ${value.length} characters`);
  return value;
}
