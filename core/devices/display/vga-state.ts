/**
 * State of the VGA with the Bochs VBE extension ("dispi"). IBM PS/2 Hardware Interface Technical Reference, video
 * subsystem; FreeVGA; QEMU docs/specs/standard-vga.
 *
 * VRAM is a field of its own kind, bound to the array that the board supplies (part of the machine's shared
 * WebAssembly.Memory). Declaring it here, not beside the state in preSave/postLoad, keeps "declared once" true: save,
 * load and the debug view need no second list. The spec is therefore made per adapter (`vgaSpec(vram)`).
 *
 * Layout of VRAM: planes interleaved, byte `a` of plane `p` at `vram[a * 4 + p]`. The four planes of an address are one
 * 32-bit word, which is what latches and the write modes work on, and in chain-4 and in VBE linear modes guest byte `n`
 * is simply `vram[n]`. (Hardware spreads chain-4 bytes over every fourth plane address; Bochs and QEMU pack them like
 * this, and only a program that re-reads chain-4 pixels in a planar mode could tell.)
 */
import type { ByteReader, ByteWriter } from '../../base/index.ts';
import { bool, bytes, defineState, f64, u16, u16s, u32, u8, type Field, type StateOf } from '../../state/index.ts';

export const VRAM_PAGE_SIZE = 4096;
export const DISPI_REGISTER_COUNT = 10;

const PAGE_WORDS = VRAM_PAGE_SIZE / 4;

/** Eight words at a time: a snapshot looks at all of VRAM while the guest stands still. */
function pageIsZero(words: Int32Array, page: number): boolean {
  const end = (page + 1) * PAGE_WORDS;
  for (let i = page * PAGE_WORDS; i < end; i += 8)
    if (
      (words[i] | words[i + 1] | words[i + 2] | words[i + 3]) !== 0 ||
      (words[i + 4] | words[i + 5] | words[i + 6] | words[i + 7]) !== 0
    )
      return false;
  return true;
}

/** `untouched`: VRAM is all zeros, as it was given. */
export interface VramUsage {
  untouched: boolean;
}

/** Video memory as it was saved, not spread out yet. */
class SavedPages extends Uint8Array {
  readonly pages: ReadonlyMap<number, Uint8Array>;
  constructor(pages: ReadonlyMap<number, Uint8Array>) {
    super(0);
    this.pages = pages;
  }
}

/** Saved as its size and the pages that are not all zero. Survives reset: only switching off clears it. */
function videoMemory(memory: Uint8Array, usage: VramUsage): Field<Uint8Array> {
  const pageCount = memory.length / VRAM_PAGE_SIZE;
  const words = new Int32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  const page = (index: number): Uint8Array => memory.subarray(index * VRAM_PAGE_SIZE, (index + 1) * VRAM_PAGE_SIZE);
  return {
    kind: `vram[${memory.length}]`,
    doc: 'video memory, planes interleaved',
    create: () => memory,
    reset: (current) => current,
    save: (out: ByteWriter) => {
      const used: number[] = [];
      for (let i = 0; i < pageCount; i++) if (!pageIsZero(words, i)) used.push(i);
      out.u32(used.length);
      for (const index of used) {
        out.u32(index);
        out.raw(page(index));
      }
    },
    load: (input: ByteReader) => {
      const saved = new Map<number, Uint8Array>();
      const count = input.u32();
      for (let i = 0; i < count; i++) {
        const index = input.u32();
        if (index >= pageCount) throw new RangeError(`page ${index} of ${pageCount}`);
        saved.set(index, input.raw(VRAM_PAGE_SIZE));
      }
      return new SavedPages(saved);
    },
    // Of new memory only what is used is touched: a machine that resumes does not wait for the host to give it all of it.
    assign: (current, loaded) => {
      if (!(loaded instanceof SavedPages)) throw new TypeError('video memory is loaded from saved pages');
      if (!usage.untouched)
        for (let i = 0; i < pageCount; i++) if (!loaded.pages.has(i) && !pageIsZero(words, i)) page(i).fill(0);
      for (const [i, saved] of loaded.pages) page(i).set(saved);
      usage.untouched = false;
      return current;
    },
    show: (value) => `${value.length} bytes`,
  };
}

export const vgaSpec = (vram: Uint8Array, usage: VramUsage) =>
  defineState({
    name: 'vga',
    version: 1,
    fields: {
      enable: u8({ doc: 'video subsystem enable (3C3h); read back only, the adapter stays on', reset: 1 }),
      misc: u8({ doc: 'Miscellaneous Output' }),
      featureControl: u8({ doc: 'Feature Control' }),
      seqIndex: u8(),
      seq: bytes(8, { doc: 'Sequencer SR0-SR7' }),
      crtcIndex: u8(),
      crtc: bytes(25, { doc: 'CRT Controller CR0-CR18' }),
      gcIndex: u8(),
      gc: bytes(9, { doc: 'Graphics Controller GR0-GR8' }),
      latch: u32({ doc: 'the four plane latches, plane 0 in the low byte' }),
      acIndex: u8({ doc: 'Attribute Controller index, bit 5 Palette Address Source' }),
      acData: bool({ doc: 'flip-flop: the next write to 3C0h is data' }),
      ac: bytes(21, { doc: 'Attribute Controller AR0-AR14' }),
      dacMask: u8({ doc: 'PEL mask', reset: 0xff }),
      dacReadIndex: u8(),
      dacWriteIndex: u8(),
      dacReading: bool({ doc: 'DAC state: the index was last written for reading' }),
      dacComponent: u8({ doc: 'next of R, G, B' }),
      dacLatch: bytes(3, { doc: 'R and G waiting for B' }),
      dac: bytes(768, { doc: 'colour look-up table, in the width that is in force' }),
      retraceArmedNs: f64({ doc: 'when CR11 bit 4 armed the vertical interrupt latch' }),
      dispiIndex: u16(),
      dispiId: u16({ doc: 'VBE_DISPI ID, the newest revision until a guest asks for an older one', reset: 0xb0c5 }),
      dispi: u16s(DISPI_REGISTER_COUNT, {
        doc: 'VBE_DISPI registers XRES to Y_OFFSET at their index (0, ID, is unused)',
      }),
      vram: videoMemory(vram, usage),
    },
  });

export type VgaSpec = ReturnType<typeof vgaSpec>;
export type VgaState = StateOf<VgaSpec>;
