import type { HandlerTable } from '../interp/handlers.ts';
import { RUNTIME_HANDLER } from '../interp/emit.ts';
import { BLOCK, MISSING_WINDOWS } from '../layout.ts';
import { compileRegions, type CompiledRegions, type RegionRequest } from './compile-regions.ts';
import { addsLittle, contained, grown, joined, mostRepeated, planInstructions } from './merging.ts';
import { Pauses } from './pauses.ts';
import {
  Planner,
  REGION_INSTRUCTIONS,
  type BlockFinder,
  type RegionPage,
  type RegionPlan,
  type RegionSeed,
} from './plan.ts';

/** Executions in tier 0 after which a block is worth compiling, and after which it may join a region. */
export const HOT = 2000;
const WARM = 500;
/** Executions until a block that could not be compiled asks again. */
const RETRY = 1 << 20;
/** Times HOT, until a block is compiled whose region would have next to nothing that another has not. */
const SCARCELY_NEW = 8;

/** Windows that could not be opened are forgotten after so many polls: it matters how often that happens. */
const MISSES_POLLS = 4096;

/**
 * Regions that are compiled together, and how long the first of them waits for others though nothing else is compiled:
 * every module costs the host its own memory mappings. The first batches are smaller: code that has not run yet makes
 * them, while the whole guest is in tier 0.
 */
const BATCH = { regions: 8, ns: 1e6 } as const;

/** WebAssembly of all regions together, in bytes; beyond it the oldest go. Machine code is some times that. */
const CACHE_BYTES = 24 << 20;

interface Region {
  readonly slot: number;
  readonly mode: number;
  readonly seeds: readonly RegionSeed[];
  readonly instructions: number;
  /** Its blocks; the first is that of the first seed. */
  readonly headers: readonly number[];
  /** Regions whose place it takes once it is compiled. */
  replaces: readonly Region[];
  /** Until it is compiled: a plan is larger than its code. */
  plan: RegionPlan | undefined;
  /** Length of its code; 0 until it is there. */
  bytes: number;
}

/** Compiles beside the guest, one batch at a time. */
export interface RegionCompiler {
  /** Not before `take` gave what came of the last call. */
  start(requests: readonly RegionRequest[]): void;
  /** What came of it, once; undefined while it works. Throws when nothing will come. */
  take(): CompiledRegions | undefined;
}

export interface RegionHost {
  /** Host time, for the count of what compiling costs. Absent: not measured. */
  readonly hostNowNs?: (() => number) | undefined;
  /** Absent: the guest waits. */
  readonly regionCompiler?: RegionCompiler | undefined;
}

/**
 * Compiled regions. A region replaces the header handler of the blocks that it may be entered by; when any of its
 * blocks is forgotten those are put back.
 */
export class Regions {
  readonly #handlers: HandlerTable;
  readonly #view: DataView;
  readonly #bySlot = new Map<number, Region>();
  /** Regions that contain a block. */
  readonly #byBlock = new Map<number, Set<Region>>();
  readonly #freeSlots: number[] = [];
  #bytes = 0;
  compiled = 0;
  forgotten = 0;
  /** Time of the machine's thread that compiling took; nothing without a clock. */
  readonly pauses = new Pauses();
  readonly #now: () => number;
  readonly #compiler: RegionCompiler | undefined;
  /** Of a batch that is gathered or compiled: their slots are taken until it is there. */
  readonly #compiling = new Set<Region>();
  /** Gathered since `#batchNs`, to be sent together. */
  #batch: Region[] = [];
  #batchNs = 0;
  /** What the compiler works on. */
  #sent: readonly Region[] | undefined;
  #batchRegions = 1;
  readonly #batchLimit: number;
  #polls = 0;
  /** First blocks of regions that do without windows. */
  readonly #withoutWindows = new Set<number>();
  /** Blocks that waited for SCARCELY_NEW. */
  readonly #waited = new Set<number>();

  constructor(handlers: HandlerTable, view: DataView, { hostNowNs, regionCompiler }: RegionHost) {
    this.#handlers = handlers;
    this.#view = view;
    this.#now = hostNowNs ?? (() => 0);
    this.#batchLimit = hostNowNs ? BATCH.regions : 1;
    this.#compiler = regionCompiler;
  }

  /** Often, never while generated code runs: installs what was compiled, sends what waits. */
  poll(): void {
    const missing = this.#view.getUint32(MISSING_WINDOWS, true);
    if (missing !== 0) this.#closeWindows(missing);
    if (++this.#polls % MISSES_POLLS === 0)
      for (const { headers } of this.#bySlot.values()) this.#view.setUint32(headers[0] + BLOCK.misses, 0, true);
    if (this.#sent) {
      const compiled = this.#compiler!.take();
      if (!compiled) return;
      const started = this.#now();
      this.#install(this.#sent, compiled);
      this.#sent = undefined;
      this.pauses.note(this.#now() - started);
    }
    if (this.#batch.length === 0 || !this.#compiler) return;
    if (this.#batch.length >= this.#batchRegions || this.#now() - this.#batchNs >= BATCH.ns) this.#send(this.#compiler);
  }

  /** Where a window lies is not foreseen: regions that begin here and often could not open theirs are compiled without. */
  #closeWindows(header: number): void {
    this.#view.setUint32(MISSING_WINDOWS, 0, true);
    this.#view.setUint32(header + BLOCK.misses, 0, true);
    for (const region of this.#byBlock.get(header) ?? []) if (region.headers[0] === header) this.#remove(region);
    this.#withoutWindows.add(header);
    this.#view.setInt32(header + BLOCK.heat, 1, true);
  }

  has(header: number): boolean {
    return this.#bySlot.has(this.#view.getUint32(header + BLOCK.handler, true));
  }

  /** A region contains this block, whether it may be entered there or not: it runs in that, most of the time. */
  covers(header: number): boolean {
    for (const region of this.#byBlock.get(header) ?? []) if (!this.#compiling.has(region)) return true;
    return false;
  }

  /** A region with this block is on its way. */
  #expects(header: number): boolean {
    for (const region of this.#byBlock.get(header) ?? []) if (this.#compiling.has(region)) return true;
    return false;
  }

  /**
   * Compiles what is reached from a block. Never while generated code runs. `all`: whatever was decoded, warm or not.
   * With a compiler beside it the guest goes on in tier 0 meanwhile.
   */
  compile(header: number, page: RegionPage, mode: number, find: BlockFinder, all: boolean): void {
    if (this.#expects(header)) {
      this.#view.setInt32(header + BLOCK.heat, HOT, true);
      return;
    }
    this.#view.setInt32(header + BLOCK.heat, RETRY, true);
    const slot = this.#slot();
    if (slot === undefined) return;
    const started = this.#now();
    // What another region contains joins too: else a function that was hot before its callers would never be part of them.
    const joins = (block: number): boolean =>
      all || this.#byBlock.has(block) || this.#view.getInt32(block + BLOCK.heat, true) <= HOT - WARM;
    const planned = (seeds: readonly RegionSeed[], maxInstructions: number): RegionPlan => {
      const windows = !seeds.some((seed) => this.#withoutWindows.has(seed.header));
      return new Planner(this.#handlers, this.#view, find, joins).plan(seeds, mode, windows, maxInstructions);
    };
    const seed = { header, page };
    let seeds: readonly RegionSeed[] = [seed];
    let plan = planned(seeds, REGION_INSTRUCTIONS);
    let replaces: readonly Region[] = [];
    const repeated = all ? undefined : mostRepeated(plan, (block) => this.#byBlock.get(block) ?? []);
    if (repeated) {
      const waits = addsLittle(plan, repeated) && !this.#waited.has(header);
      // Then there will be more to say.
      if (waits || this.#sent?.includes(repeated)) {
        if (waits) this.#waited.add(header);
        this.#releaseSlot(slot);
        this.#view.setInt32(header + BLOCK.heat, waits ? SCARCELY_NEW * HOT : HOT, true);
        return;
      }
      const most = grown(repeated);
      plan = planned([...repeated.seeds, seed], most);
      const within = contained(plan, (block) => this.#byBlock.get(block) ?? []);
      ({ seeds, regions: replaces } = joined(new Set([repeated, ...within]), seed));
      plan = planned(seeds, most);
      this.#withdraw(replaces);
    }
    const headers = plan.blocks.map((block) => block.header);
    const region = { slot, mode, seeds, instructions: planInstructions(plan), headers, replaces, plan, bytes: 0 };
    if (this.#batch.length === 0) this.#batchNs = started;
    this.#batch.push(region);
    this.#compiling.add(region);
    this.#add(region);
    if (all || !this.#compiler) this.#install(this.#batch.splice(0), compileRegions([{ slot, plan }]));
    else if (!this.#sent && this.#batch.length >= this.#batchRegions) this.#send(this.#compiler);
    this.pauses.note(this.#now() - started);
  }

  /** What need not be compiled any more. */
  #withdraw(regions: readonly Region[]): void {
    for (const region of regions) {
      const at = this.#batch.indexOf(region);
      if (at < 0) continue;
      this.#batch.splice(at, 1);
      this.#compiling.delete(region);
      this.#remove(region);
    }
  }

  #send(compiler: RegionCompiler): void {
    this.#sent = this.#batch.splice(0, this.#batchRegions);
    this.#batchRegions = Math.min(this.#batchLimit, this.#batchRegions * 2);
    this.#batchNs = this.#now();
    compiler.start(this.#sent.map(({ slot, plan }) => ({ slot, plan: plan! })));
  }

  /** A place in the function table; the oldest region gives up its own when all are taken. */
  #slot(): number | undefined {
    const slot = this.#freeSlots.pop() ?? this.#handlers.reserve();
    if (slot !== undefined) return slot;
    const oldest = this.#oldest();
    if (oldest) this.#remove(oldest);
    return this.#freeSlots.pop();
  }

  #oldest(): Region | undefined {
    return this.#bySlot.values().next().value;
  }

  #add(region: Region): void {
    const { slot, headers } = region;
    this.#bySlot.set(slot, region);
    for (const header of headers) {
      let regions = this.#byBlock.get(header);
      if (!regions) this.#byBlock.set(header, (regions = new Set()));
      regions.add(region);
    }
  }

  /** All but those of which a block was forgotten meanwhile. */
  #install(regions: readonly Region[], { module, regions: compiled }: CompiledRegions): void {
    this.#handlers.instantiate(module);
    regions.forEach((region, i) => {
      this.#compiling.delete(region);
      if (this.#bySlot.get(region.slot) !== region) {
        this.#releaseSlot(region.slot);
        return;
      }
      region.bytes = compiled[i].bytes;
      this.#bytes += region.bytes;
      this.#enter(region.slot, region.plan!, compiled[i].entries);
      region.plan = undefined;
      for (const other of region.replaces) if (this.#bySlot.get(other.slot) === other) this.#remove(other);
      region.replaces = [];
    });
    while (this.#bytes > CACHE_BYTES) this.#remove(this.#oldest()!);
  }

  #enter(slot: number, plan: RegionPlan, entries: readonly number[]): void {
    this.compiled++;
    entries.forEach((index, entry) => {
      const block = plan.blocks[index];
      this.#view.setUint32(block.header + BLOCK.handler, slot, true);
      this.#view.setUint32(block.header + BLOCK.entry, entry, true);
      this.#view.setUint32(block.header + BLOCK.ipBase, plan.pages[block.page].ipBase, true);
    });
  }

  #releaseSlot(slot: number): void {
    this.#freeSlots.push(slot);
    this.#handlers.release(slot);
  }

  /** A block is stale: so are the regions with it. */
  forget(header: number): void {
    for (const region of this.#byBlock.get(header) ?? []) this.#remove(region);
    this.#withoutWindows.delete(header);
    this.#waited.delete(header);
  }

  #remove(region: Region): void {
    const { slot, headers, bytes } = region;
    this.#bySlot.delete(slot);
    this.#bytes -= bytes;
    this.forgotten++;
    if (!this.#compiling.has(region)) this.#releaseSlot(slot);
    for (const header of headers) {
      const regions = this.#byBlock.get(header);
      regions?.delete(region);
      if (regions?.size === 0) this.#byBlock.delete(header);
      if (this.#view.getUint32(header + BLOCK.handler, true) !== slot) continue;
      this.#view.setUint32(header + BLOCK.handler, RUNTIME_HANDLER.HEADER, true);
      this.#view.setInt32(header + BLOCK.heat, HOT, true);
    }
  }

  /** Every block was forgotten. */
  flush(): void {
    for (const [slot, region] of this.#bySlot) if (!this.#compiling.has(region)) this.#releaseSlot(slot);
    this.#bySlot.clear();
    this.#byBlock.clear();
    this.#withoutWindows.clear();
    this.#waited.clear();
    this.#view.setUint32(MISSING_WINDOWS, 0, true);
    this.#bytes = 0;
  }
}
