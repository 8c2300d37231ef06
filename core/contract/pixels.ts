/**
 * Lossless encodings of a rectangle of a frame. VGA screens have few colours and long runs, so most rectangles travel
 * as a palette and run lengths; what does not fit travels raw. Pixels are R G B A bytes with A = 255.
 *
 * raw (0):      width * height * 4 bytes, R G B A
 * indexed (1):  colour count minus one (u8), per colour R G B, then packets until all pixels are given:
 *               a byte c < 80h is followed by c + 1 indexes; c >= 80h is followed by one index, repeated c - 7Eh times
 */
export const ENCODING_RAW = 0;
export const ENCODING_INDEXED = 1;

const LITERAL_MAX = 128;
const RUN_MIN = 2;
const RUN_MAX = 129;

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray;
}

/** Indexes by palette of at most 256 colours; undefined when there are more. `colours` holds pixels as words. */
function toIndexes(frame: Pixels, area: Area): { indexes: Uint8Array; colours: number[] } | undefined {
  const words = new Uint32Array(frame.pixels.buffer, frame.pixels.byteOffset, frame.pixels.byteLength >> 2);
  const indexes = new Uint8Array(area.width * area.height);
  const colours: number[] = [];
  const known = new Map<number, number>();
  let last = -1;
  let lastIndex = 0;
  let out = 0;
  for (let row = 0; row < area.height; row++) {
    const start = (area.y + row) * frame.width + area.x;
    for (let at = start; at < start + area.width; at++) {
      const word = words[at];
      if (word !== last) {
        const found = known.get(word);
        if (found === undefined) {
          if (colours.length === 256) return undefined;
          lastIndex = colours.length;
          known.set(word, lastIndex);
          colours.push(word);
        } else lastIndex = found;
        last = word;
      }
      indexes[out++] = lastIndex;
    }
  }
  return { indexes, colours };
}

/** Packets into `target` from `at`; returns the end, or -1 when they do not fit. */
function packIndexes(indexes: Uint8Array, target: Uint8Array, at: number): number {
  const count = indexes.length;
  let from = 0;
  while (from < count) {
    const index = indexes[from];
    let run = 1;
    while (from + run < count && run < RUN_MAX && indexes[from + run] === index) run++;
    if (run >= RUN_MIN) {
      if (at + 2 > target.length) return -1;
      target[at++] = run + 0x7e;
      target[at++] = index;
      from += run;
      continue;
    }
    let literals = 1;
    while (from + literals < count && literals < LITERAL_MAX && !startsRun(indexes, from + literals)) literals++;
    if (at + 1 + literals > target.length) return -1;
    target[at++] = literals - 1;
    for (let i = 0; i < literals; i++) target[at++] = indexes[from + i];
    from += literals;
  }
  return at;
}

/** Three equal indexes pay for interrupting literals; two do not. */
const startsRun = (indexes: Uint8Array, at: number): boolean =>
  at + 2 < indexes.length && indexes[at] === indexes[at + 1] && indexes[at] === indexes[at + 2];

/** The shorter of the encodings. The area lies within the frame; the frame's pixels start at a multiple of 4 bytes. */
export function encodeArea(frame: Pixels, area: Area): { encoding: number; data: Uint8Array } {
  const rawBytes = area.width * area.height * 4;
  const indexed = toIndexes(frame, area);
  if (indexed) {
    const header = 1 + indexed.colours.length * 3;
    const data = new Uint8Array(Math.max(rawBytes, header));
    data[0] = indexed.colours.length - 1;
    const colour = new Uint8Array(4);
    const colourWord = new Uint32Array(colour.buffer);
    indexed.colours.forEach((word, i) => {
      colourWord[0] = word;
      data.set(colour.subarray(0, 3), 1 + i * 3);
    });
    const end = packIndexes(indexed.indexes, data, header);
    if (end >= 0) return { encoding: ENCODING_INDEXED, data: data.slice(0, end) };
  }
  const data = new Uint8Array(rawBytes);
  for (let row = 0; row < area.height; row++) {
    const start = ((area.y + row) * frame.width + area.x) * 4;
    data.set(frame.pixels.subarray(start, start + area.width * 4), row * area.width * 4);
  }
  return { encoding: ENCODING_RAW, data };
}

/** `width * height` pixels as R G B A, ready for ImageData; undefined when the data is not a valid encoding of them. */
export function decodeArea(
  width: number,
  height: number,
  encoding: number,
  data: Uint8Array,
): Uint8ClampedArray<ArrayBuffer> | undefined {
  const pixels = width * height;
  if (encoding === ENCODING_RAW) {
    if (data.length !== pixels * 4) return undefined;
    const out = new Uint8ClampedArray(pixels * 4);
    out.set(data);
    return out;
  }
  if (encoding !== ENCODING_INDEXED || data.length === 0) return undefined;
  const colourCount = data[0] + 1;
  let at = 1 + colourCount * 3;
  if (at > data.length) return undefined;
  const colours = new Uint32Array(colourCount);
  const colourBytes = new Uint8Array(colours.buffer);
  for (let i = 0; i < colourCount; i++) {
    colourBytes.set(data.subarray(1 + i * 3, 4 + i * 3), i * 4);
    colourBytes[i * 4 + 3] = 0xff;
  }
  const out = new Uint8ClampedArray(pixels * 4);
  const words = new Uint32Array(out.buffer);
  let done = 0;
  while (at < data.length) {
    const control = data[at++];
    if (control >= 0x80) {
      const run = control - 0x7e;
      if (at >= data.length || done + run > pixels || data[at] >= colourCount) return undefined;
      words.fill(colours[data[at++]], done, done + run);
      done += run;
      continue;
    }
    const literals = control + 1;
    if (at + literals > data.length || done + literals > pixels) return undefined;
    for (let i = 0; i < literals; i++) {
      const index = data[at++];
      if (index >= colourCount) return undefined;
      words[done++] = colours[index];
    }
  }
  return done === pixels ? out : undefined;
}
