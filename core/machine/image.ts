import { ByteReader, ByteWriter, TruncatedError, err, failure, ok, type Result } from '../base/index.ts';
import { assignState, readState, saveState, type LoadedState, type StateSpec } from '../state/index.ts';

/** Anything whose declared state goes into a machine image, by a key that stays the same between versions. */
export interface SavedPart {
  readonly id: string;
  readonly spec: StateSpec;
  readonly state: unknown;
  preSave?(): void;
  postLoad?(): void;
}

const MAGIC = 0x4d525254; // "TRRM"
const VERSION = 1;
const PAGE = 4096;
/** Magic, version and RAM size. */
const HEADER_BYTES = 10;

/**
 * Machine image: magic, version, RAM size, then every part (id, state) and the pages of RAM that are not all zeros
 * (page number, bytes). The order is that of the board, so that equal machines give equal images.
 */
export function saveMachine(parts: readonly SavedPart[], ram: Uint8Array): Uint8Array {
  for (const part of parts) part.preSave?.();
  const out = new ByteWriter();
  out.u32(MAGIC);
  out.u16(VERSION);
  out.u32(ram.length / PAGE);
  out.u16(parts.length);
  for (const part of parts) {
    out.text(part.id);
    out.blob(saveState(part.spec, part.state as never));
  }
  const words = new BigUint64Array(ram.buffer, ram.byteOffset, ram.length / 8);
  for (let page = 0; page < ram.length / PAGE; page++) {
    const first = (page * PAGE) / 8;
    let used = false;
    for (let i = first; i < first + PAGE / 8 && !used; i++) used = words[i] !== 0n;
    if (!used) continue;
    out.u32(page);
    out.raw(ram.subarray(page * PAGE, (page + 1) * PAGE));
  }
  return out.finish();
}

/**
 * Loads an image made by `saveMachine` on the same board. All or nothing: everything is read and checked before
 * anything changes. Errors: `image.format`, `image.memory`, `image.part`, `image.truncated`, and those of `readState`.
 */
export function loadMachine(parts: readonly SavedPart[], ram: Uint8Array, image: Uint8Array): Result<void> {
  try {
    const input = new ByteReader(image);
    if (input.u32() !== MAGIC || input.u16() !== VERSION)
      return err(failure('image.format', 'not a machine image of this version'));
    const pages = input.u32();
    if (pages !== ram.length / PAGE)
      return err(
        failure(
          'image.memory',
          `the image has ${(pages * PAGE) >>> 20} MiB of memory, the machine ${ram.length >>> 20}`,
        ),
      );
    const count = input.u16();
    const states = new Map<string, Uint8Array>();
    for (let i = 0; i < count; i++) {
      const id = input.text();
      states.set(id, input.blob());
    }
    const known = new Set(parts.map((part) => part.id));
    for (const id of states.keys())
      if (!known.has(id)) return err(failure('image.part', `the machine has no part ${id}`));
    const loaded: LoadedState[] = [];
    for (const { id, spec } of parts) {
      const state = states.get(id);
      const read = state ? readState(spec, state) : err(failure('image.part', `${id} is not in the image`));
      if (!read.ok) return read;
      loaded.push(read.value);
    }
    const content = readPages(input, pages);
    if (!content.ok) return content;
    parts.forEach(({ spec, state }, i) => assignState(spec, state as never, loaded[i]));
    ram.fill(0);
    for (const [page, bytes] of content.value) ram.set(bytes, page * PAGE);
  } catch (error) {
    if (error instanceof TruncatedError)
      return err(failure('image.truncated', `the machine image ends at offset ${error.offset}`));
    throw error;
  }
  for (const part of parts) part.postLoad?.();
  return ok(undefined);
}

/** The parts whose states differ in two images of the same board. */
export function differingParts(left: Uint8Array, right: Uint8Array): string[] {
  const [a, b] = [statesOf(left), statesOf(right)];
  return [...a.keys()].filter((id) => {
    const [one, other] = [a.get(id)!, b.get(id)];
    return !other || one.length !== other.length || one.some((byte, i) => byte !== other[i]);
  });
}

function statesOf(image: Uint8Array): Map<string, Uint8Array> {
  const input = new ByteReader(image);
  input.raw(HEADER_BYTES);
  const states = new Map<string, Uint8Array>();
  for (let left = input.u16(); left > 0; left--) states.set(input.text(), input.blob());
  return states;
}

function readPages(input: ByteReader, pages: number): Result<[number, Uint8Array][]> {
  const content: [number, Uint8Array][] = [];
  let previous = -1;
  while (input.remaining > 0) {
    const offset = input.offset;
    const page = input.u32();
    if (page >= pages || page <= previous)
      return err(failure('image.format', `offset ${offset}: page ${page} is out of range or order`));
    content.push([page, input.raw(PAGE)]);
    previous = page;
  }
  return ok(content);
}
