import type { DirtyRect } from '../../core/backends/index.ts';

/** A picture as words: R G B A. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly words: Uint32Array;
}

export interface Scroll {
  /** Where the rows are now. */
  readonly rect: DirtyRect;
  /** The first of them, where it was. */
  readonly fromY: number;
}

/** Rows and their share of the area below which sending pixels costs as little. */
const ROWS_MIN = 32;
const SHARE_MIN = 1 / 4;
/** Every seventh pixel tells rows apart well enough to find them (all columns of letters of 8); that they are equal is looked at afterwards. */
const HASH_STEP = 7;

/**
 * The rows of an area that stood elsewhere in it before, all moved by the same distance: what a guest that scrolls a
 * text or a page of its window does. Undefined: nothing worth it. Both pictures have one size.
 */
export function findScroll(before: Picture, now: Picture, area: DirtyRect): Scroll | undefined {
  const distance = commonDistance(before, now, area);
  if (distance === undefined) return undefined;
  const first = Math.max(area.y, area.y - distance);
  const end = Math.min(area.y + area.height, area.y + area.height - distance);
  let best = { y: first, height: 0 };
  let start = first;
  for (let y = first; y <= end; y++) {
    if (y < end && isSameRow(before, y + distance, now, y, area)) continue;
    if (y - start > best.height) best = { y: start, height: y - start };
    start = y + 1;
  }
  if (best.height < Math.max(ROWS_MIN, area.height * SHARE_MIN)) return undefined;
  return { rect: { x: area.x, width: area.width, ...best }, fromY: best.y + distance };
}

/** How far below their present place most rows stood; only rows that are like no other count. */
function commonDistance(before: Picture, now: Picture, { x, y, width, height }: DirtyRect): number | undefined {
  const places = new Map<number, number>();
  for (let row = y; row < y + height; row++) {
    const hash = hashOf(before, row, x, width);
    places.set(hash, places.has(hash) ? Number.NaN : row);
  }
  const votes = new Map<number, number>();
  for (let row = y; row < y + height; row++) {
    const place = places.get(hashOf(now, row, x, width));
    if (place === undefined || Number.isNaN(place) || place === row) continue;
    votes.set(place - row, (votes.get(place - row) ?? 0) + 1);
  }
  const [most] = [...votes].sort(([, one], [, other]) => other - one);
  return most?.[0];
}

function hashOf({ words, width: stride }: Picture, row: number, x: number, width: number): number {
  let hash = 0;
  const end = row * stride + x + width;
  for (let at = row * stride + x; at < end; at += HASH_STEP)
    hash = Math.imul(hash ^ words[at], 0x01000193) + (hash >>> 15);
  return hash | 0;
}

const bytesOf = ({ words, width: stride }: Picture, row: number, { x, width }: DirtyRect): Buffer =>
  Buffer.from(words.buffer, words.byteOffset + (row * stride + x) * 4, width * 4);

const isSameRow = (before: Picture, from: number, now: Picture, row: number, area: DirtyRect): boolean =>
  bytesOf(before, from, area).equals(bytesOf(now, row, area));
