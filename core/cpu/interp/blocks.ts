import { decode, newInstruction, type CodeSize, type OpcodeRow } from '../../isa/index.ts';
import type { PhysicalMemory } from '../../memory/index.ts';
import { gp, ud } from '../fault.ts';
import {
  ARENA_BASE,
  ARENA_BYTES,
  BLOCK,
  CODE_MAP,
  CODE_MAP_SHIFT,
  JUMP,
  JUMP_CACHE,
  JUMP_ENTRY_BYTES,
  JUMP_SETS,
  JUMP_WAYS,
  MODE,
  RAM_BASE,
  R,
  RECORD_BYTES,
  jumpSetAddress,
} from '../layout.ts';
import { formName } from './form.ts';
import type { HandlerTable } from './handlers.ts';
import { clearRecord, hasRelative, relativeDisplacement, writeRecord } from './records.ts';
import { RUNTIME_HANDLER } from './emit.ts';

/** Instructions per block: bounds how late an interrupt is seen. */
const MAX_BLOCK = 32;
/** Enough to tell what is worth a handler, and no more than a reader of the statistics would keep. */
const LISTED_BLOCKS = 1000;
const PAGE = 4096;
const MAX_INSTRUCTION_BYTES = 15;
/** Heat of blocks that do not count down. */
const NEVER_HOT = 1;
/**
 * Writes to a page that change none of its code, as far as TypeScript sees them, until the code is forgotten: memory that
 * an operating system ran code in and gave to data later. Each time it was a mistake the page gets twice as many.
 */
const QUIET_WRITES_LIMIT = 4;

/** One object without others in it: a boot of Linux makes 80,000, which the collector copies until they are old. */
interface Block {
  readonly record: number;
  /** Of its page's map: offset and mode. */
  readonly key: number;
  readonly count: number;
  /** Physical range of its bytes in the page that it starts in. */
  readonly start: number;
  readonly end: number;
  /** And in another page, when an instruction crosses into it; else both 0. */
  readonly nextStart: number;
  readonly nextEnd: number;
}

/** The blocks of a page. Real mode has code and variables side by side: `isCode` is 1 for each byte of a block. */
interface CodePage {
  /** Those that start here, by offset and mode. */
  readonly starts: Map<number, Block>;
  /** The rest of those with bytes here: begun in another page, behind a device, or with a successor in `starts`. */
  readonly others: Set<Block>;
  readonly isCode: Uint8Array;
  /** Writes seen here that changed no code. */
  quietWrites: number;
}

/** Where code lies. */
export interface CodePlace {
  readonly physical: number;
  /** Physical address of the first byte of the next linear page. Throws when that page cannot be fetched. */
  readonly nextPage: () => number;
}

/**
 * Decoded code: blocks of records, found by physical address and mode, forgotten when their bytes are written. A
 * forgotten block's records all become STALE, so that links to it, and even its own execution, find out by themselves.
 */
export class BlockCache {
  readonly #memory: PhysicalMemory;
  readonly #handlers: HandlerTable;
  readonly #view: DataView;
  readonly #insn = newInstruction();
  /** Addresses in linear memory of the branches' links to a block, by its record. */
  readonly #links = new Map<number, number[]>();
  readonly #byPage = new Map<number, CodePage>();
  #free = ARENA_BASE;
  readonly #codeMap: number;
  readonly #heat: number;
  readonly #quietLimits = new Map<number, number>();
  readonly #onNewCodePage: (page: number) => void;
  readonly #onNoCodePage: (page: number) => void;
  readonly #onForget: (record: number) => void;
  readonly #exists: (row: OpcodeRow) => boolean;
  readonly #onUnimplemented: (mnemonic: string) => void;
  decodedInstructions = 0;
  builtBlocks = 0;
  invalidatedBlocks = 0;
  flushes = 0;

  constructor(
    memory: PhysicalMemory,
    handlers: HandlerTable,
    codeMap: number,
    heat: number,
    events: {
      onNewCodePage: (page: number) => void;
      onNoCodePage: (page: number) => void;
      onForget: (record: number) => void;
      /** Whether the processor's model has the instruction. */
      exists: (row: OpcodeRow) => boolean;
      onUnimplemented: (mnemonic: string) => void;
    },
  ) {
    this.#memory = memory;
    this.#handlers = handlers;
    this.#codeMap = codeMap;
    this.#heat = heat;
    this.#view = memory.view;
    this.#view.setUint32(CODE_MAP, codeMap, true);
    this.#onNewCodePage = events.onNewCodePage;
    this.#onNoCodePage = events.onNoCodePage;
    this.#onForget = events.onForget;
    this.#exists = events.exists;
    this.#onUnimplemented = events.onUnimplemented;
    this.#forgetJumps();
  }

  #forgetJumps(): void {
    this.#memory.bytes.fill(0xff, JUMP_CACHE, JUMP_CACHE + JUMP_SETS * JUMP_WAYS * JUMP_ENTRY_BYTES);
  }

  /** Makes jumps in the mode of `key` (S.jumpKey) find a block by its physical address. */
  remember(physical: number, key: number, record: number): void {
    const entry = jumpSetAddress(physical);
    const view = this.#view;
    const same =
      view.getUint32(entry + JUMP.physical, true) === physical && view.getUint32(entry + JUMP.key, true) === key;
    if (!same) this.#memory.bytes.copyWithin(entry + JUMP_ENTRY_BYTES, entry, entry + JUMP_ENTRY_BYTES);
    this.#view.setUint32(entry + JUMP.physical, physical, true);
    this.#view.setUint32(entry + JUMP.key, key, true);
    this.#view.setUint32(entry + JUMP.record, record, true);
  }

  #lookUp(physical: number, mode: number): Block | undefined {
    return this.#byPage.get(physical >>> 12)?.starts.get(keyOf(physical, mode));
  }

  /** The record of a known block. */
  find({ physical, nextPage }: CodePlace, mode: number): number | undefined {
    const block = this.#lookUp(physical, mode);
    if (!block || (block.nextEnd !== 0 && nextPage() !== block.nextStart)) return undefined;
    return block.record;
  }

  /** As find, without blocks that cross the page's end. */
  findInPage(physical: number, mode: number): number | undefined {
    const block = this.#lookUp(physical, mode);
    return block?.nextEnd === 0 ? block.record : undefined;
  }

  /** Makes a branch of the same page go straight to the block, until it is forgotten. `link`: where the branch keeps it. */
  link(link: number, record: number): void {
    this.#view.setUint32(link, record, true);
    const links = this.#links.get(record);
    if (links) links.push(link);
    else this.#links.set(record, [link]);
  }

  get nearlyFull(): boolean {
    return this.#free + (MAX_BLOCK + 2) * RECORD_BYTES > ARENA_BASE + ARENA_BYTES;
  }

  /**
   * Instructions of the blocks that ran most, a line for those of the same, behind how often they ran in tier 0; at least,
   * if they became hot.
   */
  executed(): readonly string[] {
    const counts = new Map<string, number>();
    for (const { starts } of this.#byPage.values())
      for (const { record, count } of starts.values()) {
        const heat = this.#view.getInt32(record + BLOCK.heat, true);
        const ran = heat > this.#heat ? this.#heat : this.#heat - heat;
        if (ran === 0) continue;
        const forms = Array.from({ length: count }, (_, i) =>
          this.#handlers.numberOf(this.#view.getUint32(record + (i + 1) * RECORD_BYTES + R.handler, true)),
        ).join();
        counts.set(forms, (counts.get(forms) ?? 0) + ran);
      }
    const named = (forms: string): string => forms.split(',').map((form) => formName(Number(form))).join('; '); // prettier-ignore
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, LISTED_BLOCKS);
    return most.map(([forms, ran]) => `${ran}: ${named(forms)}`);
  }

  /** Forgets everything. Never while handlers run. */
  flush(): void {
    this.flushes++;
    this.#links.clear();
    this.#forgetJumps();
    for (const page of this.#byPage.keys()) {
      this.#memory.hasCode[page] = 0;
      this.#markPage(page, 0);
    }
    this.#byPage.clear();
    this.#quietLimits.clear();
    this.#free = ARENA_BASE;
  }

  /**
   * Decodes a block and returns its record. `maxBytes` bounds what may be fetched (code segment limit; only for
   * MODE.SINGLE). Throws CpuFault when not even the first instruction can be fetched or decoded.
   */
  build(place: CodePlace, mode: number, maxBytes: number): { record: number; reusable: boolean } {
    const codeSize: CodeSize = mode & MODE.CODE32 ? 32 : 16;
    const single = (mode & MODE.SINGLE) !== 0;
    const page = place.physical >>> 12;
    const start = place.physical & (PAGE - 1);
    const header = this.#free;
    let record = header + RECORD_BYTES;
    let offset = start;
    let count = 0;
    let ended = false;
    let beforeCrossing = false;
    let crossing = false;
    let nextStart = 0;
    let nextEnd = 0;
    const source = this.#memory.hostPage[page] >= 0 ? undefined : this.#readPage(page);
    const bytes = source ?? this.#memory.bytes;
    const base = source ? 0 : this.#memory.hostPage[page];
    const insn = this.#insn;
    while (count < (single ? 1 : MAX_BLOCK) && offset < PAGE) {
      let status = decode(bytes, base + offset, base + PAGE, codeSize, insn);
      if (status === 'need-more') {
        if (count > 0) {
          beforeCrossing = true; // a block of its own, which depends on two pages
          break;
        }
        const available = PAGE - offset;
        const window = new Uint8Array(available + MAX_INSTRUCTION_BYTES);
        window.set(bytes.subarray(base + offset, base + PAGE));
        const next = place.nextPage();
        for (let i = 0; i < MAX_INSTRUCTION_BYTES; i++) window[available + i] = this.#memory.read(next + i, 1);
        status = decode(window, 0, window.length, codeSize, insn);
        if (status === 'ok') {
          crossing = true;
          nextStart = next;
          nextEnd = next + insn.length - available;
        }
      }
      if (status === 'too-long') {
        if (count > 0) break;
        throw gp();
      }
      const exists = status === 'ok' && this.#exists(insn.row);
      const def = exists ? this.#handlers.definition(insn) : undefined;
      if (!def) {
        if (count > 0) break;
        if (exists) this.#onUnimplemented(insn.row.mnemonic);
        throw ud();
      }
      if (count === 0 && insn.length > maxBytes) throw gp();
      const nextOffset = offset + insn.length;
      const jumpOffset = nextOffset + relativeDisplacement(insn);
      const linkable = !single && !crossing && !(codeSize === 32 && insn.operandSize === 2);
      const wraps = (mode & MODE.LOW) !== 0 && jumpOffset < offset;
      const targetInPage = linkable && !wraps && hasRelative(insn) && jumpOffset >= 0 && jumpOffset < PAGE;
      const nextInPage = linkable && nextOffset < PAGE;
      this.#view.setUint32(
        record + R.handler,
        this.#handlers.handlerFor(insn, def, mode, targetInPage, nextInPage),
        true,
      );
      writeRecord(this.#view, record, insn, offset, nextOffset);
      record += RECORD_BYTES;
      count++;
      offset = nextOffset;
      if (def.endsBlock === true || (def.endsBlock === 'protected' && !(mode & MODE.REAL))) {
        ended = true;
        break;
      }
      if (crossing) break;
    }
    // The record behind the last: how a block that is no branch goes on. Branches need it when they yield.
    const end = single
      ? RUNTIME_HANDLER.YIELD
      : offset < PAGE && !crossing && !beforeCrossing
        ? RUNTIME_HANDLER.CONTINUE
        : RUNTIME_HANDLER.CONTINUE_FAR;
    clearRecord(this.#view, record);
    this.#view.setUint32(record + R.handler, ended ? RUNTIME_HANDLER.STALE : end, true);
    this.#view.setUint16(record + R.ipOffset, offset, true);
    clearRecord(this.#view, header);
    this.#view.setUint32(header + BLOCK.handler, crossing ? RUNTIME_HANDLER.CROSSING : RUNTIME_HANDLER.HEADER, true);
    if (crossing) this.#view.setUint32(header + BLOCK.nextPage, nextStart, true);
    this.#view.setUint32(header + BLOCK.count, count, true);
    this.#view.setUint16(header + R.ipOffset, start, true);
    this.#view.setUint32(header + BLOCK.place, place.physical + 1, true);
    for (let i = 0; i < count; i++)
      this.#view.setUint16(header + (i + 1) * RECORD_BYTES + R.remaining, count - i, true);
    this.#handlers.flush();
    this.#handlers.joinSequences(this.#view, header + RECORD_BYTES, count);
    this.decodedInstructions += count;
    this.builtBlocks++;
    this.#free = record + RECORD_BYTES;
    const block: Block = {
      record: header,
      key: keyOf(place.physical, mode),
      count,
      start: page * PAGE + start,
      end: page * PAGE + Math.min(offset, PAGE),
      nextStart,
      nextEnd,
    };
    const reusable = this.#register(block);
    // What runs once is never hot.
    if (reusable && !single) this.#view.setInt32(header + BLOCK.heat, crossing ? NEVER_HOT : this.#heat, true);
    return { record: header, reusable };
  }

  /** Code in memory-mapped I/O: a copy, decoded for this once. */
  #readPage(page: number): Uint8Array {
    return Uint8Array.from({ length: PAGE }, (_, i) => this.#memory.read(page * PAGE + i, 1));
  }

  /** False for code that is decoded anew each time: behind a device. */
  #register(block: Block): boolean {
    const { start, end, nextStart, nextEnd } = block;
    const isInMemory = (address: number): boolean => this.#memory.hostPage[address >>> 12] >= 0;
    const reusable = isInMemory(start) && (nextEnd === 0 || isInMemory(nextStart));
    const code = this.#codePage(start >>> 12);
    if (reusable) {
      const former = code.starts.get(block.key);
      if (former) code.others.add(former);
      code.starts.set(block.key, block);
    } else code.others.add(block);
    this.#mark(code, start, end);
    if (nextEnd === 0) return reusable;
    const next = this.#codePage(nextStart >>> 12);
    next.others.add(block);
    this.#mark(next, nextStart, nextEnd);
    return reusable;
  }

  #codePage(page: number): CodePage {
    let code = this.#byPage.get(page);
    if (!code) {
      code = { starts: new Map(), others: new Set(), isCode: new Uint8Array(PAGE), quietWrites: 0 };
      this.#byPage.set(page, code);
      this.#memory.hasCode[page] = 1;
      this.#onNewCodePage(page);
    }
    return code;
  }

  /** Enters a range of one page's bytes into the page's own map and into the coarser one in linear memory. */
  #mark(code: CodePage, start: number, end: number): void {
    const at = start & (PAGE - 1);
    fillShort(code.isCode, 1, at, at + (end - start));
    const host = this.#memory.hostPage[start >>> 12] - RAM_BASE;
    if (host < 0) return;
    const first = (host + (start & (PAGE - 1))) >>> CODE_MAP_SHIFT;
    const last = (host + ((end - 1) & (PAGE - 1))) >>> CODE_MAP_SHIFT;
    fillShort(this.#memory.bytes, 1, this.#codeMap + first, this.#codeMap + last + 1);
  }

  #markPage(page: number, value: number): void {
    const host = this.#memory.hostPage[page] - RAM_BASE;
    if (host < 0) return;
    const first = this.#codeMap + (host >>> CODE_MAP_SHIFT);
    this.#memory.bytes.fill(value, first, first + (PAGE >> CODE_MAP_SHIFT));
  }

  /** Forgets the blocks whose bytes lie in the written range (within one page). */
  codeWritten(physical: number, length: number): void {
    const page = physical >>> 12;
    const code = this.#byPage.get(page);
    if (!code) return;
    const first = physical & (PAGE - 1);
    let at = first;
    while (code.isCode[at] === 0)
      if (++at === first + length) {
        this.#wroteBesideCode(page, code);
        return;
      }
    const end = physical + length;
    for (const block of blocksOf(code))
      if ((physical < block.end && end > block.start) || (physical < block.nextEnd && end > block.nextStart))
        this.#forget(block);
    this.#markPage(page, 0);
    if (code.starts.size + code.others.size === 0) {
      this.#releasePage(page);
      return;
    }
    code.isCode.fill(0);
    for (const block of blocksOf(code)) {
      if (block.start >>> 12 === page) this.#mark(code, block.start, block.end);
      if (block.nextEnd !== 0 && block.nextStart >>> 12 === page) this.#mark(code, block.nextStart, block.nextEnd);
    }
  }

  #wroteBesideCode(page: number, code: CodePage): void {
    const limit = this.#quietLimits.get(page) ?? QUIET_WRITES_LIMIT;
    if (++code.quietWrites < limit) return;
    this.#quietLimits.set(page, limit * 2);
    for (const block of blocksOf(code)) this.#forget(block);
    this.#markPage(page, 0);
    this.#releasePage(page);
  }

  /** The page holds no code any more. */
  #releasePage(page: number): void {
    this.#byPage.delete(page);
    this.#memory.hasCode[page] = 0;
    this.#onNoCodePage(page);
  }

  #forget(block: Block): void {
    this.invalidatedBlocks++;
    const code = this.#byPage.get(block.start >>> 12);
    code?.others.delete(block);
    if (code?.starts.get(block.key) === block) code.starts.delete(block.key);
    if (block.nextEnd !== 0) this.#byPage.get(block.nextStart >>> 12)?.others.delete(block);
    for (const link of this.#links.get(block.record) ?? [])
      if (this.#view.getUint32(link, true) === block.record) this.#view.setUint32(link, 0, true);
    this.#links.delete(block.record);
    for (let i = 0; i <= block.count + 1; i++)
      this.#view.setUint32(block.record + i * RECORD_BYTES + R.handler, RUNTIME_HANDLER.STALE, true);
    this.#view.setUint32(block.record + BLOCK.place, 0, true);
    this.#onForget(block.record);
  }
}

/** Those with bytes in the page; any of them may be forgotten meanwhile. */
function* blocksOf({ starts, others }: CodePage): Iterable<Block> {
  yield* starts.values();
  yield* others;
}

const keyOf = (physical: number, mode: number): number => ((physical & (PAGE - 1)) << 8) | mode;

/** As TypedArray.prototype.fill, which takes longer to begin than a block's bytes take. */
function fillShort(bytes: Uint8Array, value: number, from: number, to: number): void {
  for (let at = from; at < to; at++) bytes[at] = value;
}
