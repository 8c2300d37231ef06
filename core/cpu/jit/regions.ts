import { ModuleBuilder } from '../../wasm/index.ts';
import type { HandlerTable } from '../interp/handlers.ts';
import { declareImports, RUNTIME_HANDLER } from '../interp/runtime.ts';
import { BLOCK, HEAT_STEP } from '../layout.ts';
import { Planner, type BlockFinder, type RegionPage, type RegionPlan } from './plan.ts';
import { RegionBuilder } from './region-builder.ts';

/** Executions in tier 0 after which a block is worth compiling, and after which it may join a region. */
export const HOT = 4000;
const WARM = 1000;
/** Executions until a block that could not be compiled asks again. */
const RETRY = 1 << 20;

/**
 * How much of its time the machine's thread may spend on compiling: below the first share blocks heat up twice as fast
 * from then on, above the second half as fast. A guest that does the same for long has all of it compiled, one that
 * boots only what is worth it.
 */
const COMPILE_SHARE = { low: 0.04, high: 0.08 } as const;
const WINDOW_NS = 50e6;
const MAX_HEAT_STEP = 4;

/** WebAssembly of all regions together, in bytes; beyond it the oldest go. Machine code is some times that. */
const CACHE_BYTES = 24 << 20;

interface Region {
  readonly slot: number;
  readonly plan: RegionPlan;
  readonly bytes: number;
}

export interface RegionHost {
  /** Host time, for the count of what compiling costs. Absent: not measured. */
  readonly hostNowNs?: (() => number) | undefined;
  /** Compiles WebAssembly beside the guest. Absent: it waits. */
  readonly compileLater?: ((code: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>) | undefined;
}

/**
 * Compiled regions. A region replaces the header handler of the blocks that it may be entered by; when any of its
 * blocks is forgotten those are put back.
 */
export class Regions {
  readonly #handlers: HandlerTable;
  readonly #view: DataView;
  readonly #limits: { minPages: number; maxPages: number };
  readonly #bySlot = new Map<number, Region>();
  /** Regions that contain a block. */
  readonly #byBlock = new Map<number, Set<Region>>();
  readonly #freeSlots: number[] = [];
  #bytes = 0;
  compiled = 0;
  forgotten = 0;
  /** Time of the machine's thread that compiling took; 0 without a clock. */
  compileNs = 0;
  readonly #now: () => number;
  readonly #compileLater: RegionHost['compileLater'];
  readonly #compiling = new Set<Region>();
  #window = { startNs: 0, compileNs: 0 };
  #heatStep = 1;

  constructor(
    handlers: HandlerTable,
    view: DataView,
    limits: { minPages: number; maxPages: number },
    { hostNowNs = () => 0, compileLater }: RegionHost,
  ) {
    this.#handlers = handlers;
    this.#view = view;
    this.#limits = limits;
    this.#now = hostNowNs;
    this.#compileLater = compileLater;
    this.#setHeatStep(1);
  }

  /** Between runs of the processor. */
  adapt(): void {
    const now = this.#now();
    const elapsed = now - this.#window.startNs;
    if (elapsed < WINDOW_NS) return;
    const share = (this.compileNs - this.#window.compileNs) / elapsed;
    this.#window = { startNs: now, compileNs: this.compileNs };
    if (share < COMPILE_SHARE.low) this.#setHeatStep(Math.min(this.#heatStep * 2, MAX_HEAT_STEP));
    else if (share > COMPILE_SHARE.high) this.#setHeatStep(Math.max(this.#heatStep >> 1, 1));
  }

  #setHeatStep(step: number): void {
    this.#heatStep = step;
    this.#view.setInt32(HEAT_STEP, step, true);
  }

  has(header: number): boolean {
    return this.#bySlot.has(this.#view.getUint32(header + BLOCK.handler, true));
  }

  /** A region with this block is on its way. */
  #expects(header: number): boolean {
    for (const region of this.#byBlock.get(header) ?? []) if (this.#compiling.has(region)) return true;
    return false;
  }

  /**
   * Compiles what is reached from a block. Never while generated code runs. `all`: whatever was decoded, warm or not.
   * With `compileLater` the guest goes on in tier 0 meanwhile.
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
    const coldHeat = all ? Number.MAX_SAFE_INTEGER : HOT - WARM;
    const plan = new Planner(this.#handlers, this.#view, find, coldHeat).plan(header, page, mode);
    const module = new ModuleBuilder();
    const imports = declareImports(module, this.#limits);
    const { index, body } = module.addFunction(imports.handlerType);
    new RegionBuilder(body, plan, slot, this.#view, imports).build();
    module.elements(slot, [index]);
    const code = module.encode();
    const region = { slot, plan, bytes: code.length };
    this.#add(region);
    while (this.#bytes > CACHE_BYTES) this.#remove(this.#oldest()!);
    if (this.#compileLater && !all) {
      this.#compiling.add(region);
      void this.#compileLater(code).then((compiled) => this.#install(region, compiled));
    } else this.#install(region, new WebAssembly.Module(code));
    this.compileNs += this.#now() - started;
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
    const { slot, plan, bytes } = region;
    this.#bySlot.set(slot, region);
    this.#bytes += bytes;
    for (const { header } of plan.blocks) {
      let regions = this.#byBlock.get(header);
      if (!regions) this.#byBlock.set(header, (regions = new Set()));
      regions.add(region);
    }
  }

  /** Unless one of its blocks was forgotten meanwhile. */
  #install(region: Region, module: WebAssembly.Module): void {
    this.#compiling.delete(region);
    const { slot, plan } = region;
    if (this.#bySlot.get(slot) !== region) return;
    this.#handlers.instantiate(module);
    this.compiled++;
    plan.flow.entries.forEach((index, entry) => {
      const block = plan.blocks[index];
      this.#view.setUint32(block.header + BLOCK.handler, slot, true);
      this.#view.setUint32(block.header + BLOCK.entry, entry, true);
      this.#view.setUint32(block.header + BLOCK.ipBase, plan.pages[block.page].ipBase, true);
    });
  }

  /** A block is stale: so are the regions with it. */
  forget(header: number): void {
    for (const region of this.#byBlock.get(header) ?? []) this.#remove(region);
  }

  #remove(region: Region): void {
    const { slot, plan, bytes } = region;
    this.#bySlot.delete(slot);
    this.#bytes -= bytes;
    this.forgotten++;
    this.#freeSlots.push(slot);
    this.#handlers.release(slot);
    for (const { header } of plan.blocks) {
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
    for (const slot of this.#bySlot.keys()) {
      this.#freeSlots.push(slot);
      this.#handlers.release(slot);
    }
    this.#bySlot.clear();
    this.#byBlock.clear();
    this.#bytes = 0;
  }
}
