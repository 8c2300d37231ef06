/**
 * Lossless encodings of a rectangle of a frame. VGA screens have few colours and long runs, so most rectangles travel
 * as a palette and run lengths; a picture of more colours as these, by runs and rows; what has neither (films, photographs)
 * as it is, because packing it takes the guest's time and saves little. Pixels are R G B A bytes with A = 255.
 *
 * packed (0):   packets until all pixels are given: a byte c < 80h is followed by c + 1 pixels, R G B; 80h <= c < C0h by
 *               one pixel, repeated c - 7Eh times; c >= C0h stands for c - BFh pixels as in the row above
 * indexed (1):  colour count minus one (u8), per colour R G B, then packets until all pixels are given:
 *               a byte c < 80h is followed by c + 1 indexes; c >= 80h is followed by one index, repeated c - 7Eh times
 * plain (2):    R G B A of every pixel
 */
const ENCODING_PACKED = 0;
const ENCODING_INDEXED = 1;
const ENCODING_PLAIN = 2;

const LITERAL_MAX = 128;
const RUN_MIN = 2;
const RUN_MAX = 129;
const PACKED_RUN_MAX = 65;
const ABOVE_MAX = 64;
/** Rows that are looked at to tell whether packing pays, and the share of new pixels in them beyond which it does not. */
const SAMPLE_ROWS = 24;
const NEW_SHARE_MAX = 1 / 4;

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

const wordsOf = (frame: Pixels): Uint32Array =>
  new Uint32Array(frame.pixels.buffer, frame.pixels.byteOffset, frame.pixels.byteLength >> 2);

/** Slots of the table in which colours are found again: four for each colour that there can be. */
const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;
const slotWords = new Uint32Array(SLOTS);
/** Index of the slot's colour; -1: the slot is free. */
const slotIndexes = new Int16Array(SLOTS);

/** Indexes by palette of at most 256 colours; undefined when there are more. `colours` holds pixels as words. */
function toIndexes(frame: Pixels, area: Area): { indexes: Uint8Array; colours: number[] } | undefined {
  const words = wordsOf(frame);
  const indexes = new Uint8Array(area.width * area.height);
  const colours: number[] = [];
  slotIndexes.fill(-1);
  let last = -1;
  let lastIndex = 0;
  let out = 0;
  for (let row = 0; row < area.height; row++) {
    const start = (area.y + row) * frame.width + area.x;
    for (let at = start; at < start + area.width; at++) {
      const word = words[at];
      if (word !== last) {
        let slot = Math.imul(word, 0x9e3779b1) >>> (32 - SLOT_BITS);
        while (slotIndexes[slot] >= 0 && slotWords[slot] !== word) slot = (slot + 1) & (SLOTS - 1);
        if (slotIndexes[slot] < 0) {
          if (colours.length === 256) return undefined;
          slotWords[slot] = word;
          slotIndexes[slot] = colours.length;
          colours.push(word);
        }
        lastIndex = slotIndexes[slot];
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

/** The encoding that suits; its data may be a view of the frame. The area lies within the frame; the frame's pixels start at a multiple of 4 bytes. */
export function encodeArea(frame: Pixels, area: Area): { encoding: number; data: Uint8Array } {
  const indexed = toIndexes(frame, area);
  if (indexed) {
    const header = 1 + indexed.colours.length * 3;
    const data = new Uint8Array(header + area.width * area.height * 2);
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
  if (isNoise(frame, area)) return { encoding: ENCODING_PLAIN, data: plainPixels(frame, area) };
  return { encoding: ENCODING_PACKED, data: packPixels(frame, area) };
}

/** Whether most pixels are neither as the one before nor as the one above, by some rows. */
function isNoise(frame: Pixels, { x, y, width, height }: Area): boolean {
  const words = wordsOf(frame);
  const step = Math.max(1, Math.floor((height - 1) / SAMPLE_ROWS));
  let fresh = 0;
  let seen = 0;
  for (let row = 1; row < height; row += step) {
    const start = (y + row) * frame.width + x;
    for (let at = start + 1; at < start + width; at++)
      if (words[at] !== words[at - 1] && words[at] !== words[at - frame.width]) fresh++;
    seen += width;
  }
  return fresh > seen * NEW_SHARE_MAX;
}

/** A view where rows lie one behind the other. */
function plainPixels({ width: stride, pixels }: Pixels, { x, y, width, height }: Area): Uint8Array {
  const all = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const row = (n: number): Uint8Array => all.subarray(((y + n) * stride + x) * 4, ((y + n) * stride + x + width) * 4);
  if (width === stride) return all.subarray(y * stride * 4, (y + height) * stride * 4);
  const out = new Uint8Array(width * height * 4);
  for (let n = 0; n < height; n++) out.set(row(n), n * width * 4);
  return out;
}

/** At most a 128th longer than three bytes a pixel. */
function packPixels(frame: Pixels, area: Area): Uint8Array {
  const all = wordsOf(frame);
  const { width } = area;
  const count = width * area.height;
  const words = new Uint32Array(count);
  for (let row = 0; row < area.height; row++) {
    const start = (area.y + row) * frame.width + area.x;
    words.set(all.subarray(start, start + width), row * width);
  }
  const out = new Uint8Array(count * 3 + Math.ceil(count / LITERAL_MAX));
  let at = 0;
  const put = (word: number): void => {
    out[at++] = word;
    out[at++] = word >>> 8;
    out[at++] = word >>> 16;
  };
  /** How many pixels from `from` on are as in the row above. */
  const above = (from: number): number => {
    let n = 0;
    while (n < ABOVE_MAX && from + n < count && from + n >= width && words[from + n] === words[from + n - width]) n++;
    return n;
  };
  for (let from = 0; from < count;) {
    const same = above(from);
    if (same >= RUN_MIN) {
      out[at++] = same + 0xbf;
      from += same;
      continue;
    }
    let run = 1;
    while (run < PACKED_RUN_MAX && from + run < count && words[from + run] === words[from]) run++;
    if (run >= RUN_MIN) {
      out[at++] = run + 0x7e;
      put(words[from]);
      from += run;
      continue;
    }
    const header = at++;
    const start = from;
    do put(words[from++]);
    while (from < count && from - start < LITERAL_MAX && words[from] !== words[from + 1] && above(from) < RUN_MIN);
    out[header] = from - start - 1;
  }
  return out.subarray(0, at);
}

/** Most runs are shorter than what a call of TypedArray's fill costs. Returns `end`. */
function fill(words: Uint32Array, word: number, from: number, end: number): number {
  if (end - from > 32) words.fill(word, from, end);
  else for (let at = from; at < end; at++) words[at] = word;
  return end;
}

function unpackPixels(width: number, height: number, data: Uint8Array): Uint8ClampedArray<ArrayBuffer> | undefined {
  const pixels = width * height;
  const out = new Uint8ClampedArray(pixels * 4);
  const words = new Uint32Array(out.buffer);
  const colour = new Uint8Array([0, 0, 0, 0xff]);
  const colourWord = new Uint32Array(colour.buffer);
  let done = 0;
  for (let at = 0; at < data.length;) {
    const control = data[at++];
    if (control >= 0xc0) {
      const end = done + control - 0xbf;
      if (done < width || end > pixels) return undefined;
      for (; done < end; done++) words[done] = words[done - width];
      continue;
    }
    const isRun = control >= 0x80;
    const end = done + (isRun ? control - 0x7e : control + 1);
    if (end > pixels || at + 3 * (isRun ? 1 : control + 1) > data.length) return undefined;
    while (done < end) {
      colour[0] = data[at++];
      colour[1] = data[at++];
      colour[2] = data[at++];
      if (isRun) done = fill(words, colourWord[0], done, end);
      else words[done++] = colourWord[0];
    }
  }
  return done === pixels ? out : undefined;
}

/** `width * height` pixels as R G B A, ready for ImageData, maybe a view of the data; undefined when the data is not a valid encoding of them. */
export function decodeArea(
  width: number,
  height: number,
  encoding: number,
  data: Uint8Array,
): Uint8ClampedArray<ArrayBuffer> | undefined {
  const pixels = width * height;
  if (encoding === ENCODING_PACKED) return unpackPixels(width, height, data);
  if (encoding === ENCODING_PLAIN)
    return data.length === pixels * 4
      ? new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length)
      : undefined;
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
      done = fill(words, colours[data[at++]], done, done + run);
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
