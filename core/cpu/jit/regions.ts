import { ModuleBuilder } from '../../wasm/index.ts';
import type { HandlerTable } from '../interp/handlers.ts';
import { declareImports, RUNTIME_HANDLER } from '../interp/runtime.ts';
import { BLOCK, R, RECORD_BYTES } from '../layout.ts';
import { RegionBuilder, type RegionBlock } from './region-builder.ts';

const PAGE = 4096;
const MAX_BLOCKS = 32;
const MAX_INSTRUCTIONS = 400;

/** Finds a decoded block by its offset in the page of the region. */
export type BlockFinder = (offset: number) => number | undefined;

/**
 * Compiled regions. A region replaces the header handler of the block that it starts with; when any of its blocks is
 * forgotten the header is put back.
 */
export class Regions {
  readonly #handlers: HandlerTable;
  readonly #view: DataView;
  readonly #limits: { minPages: number; maxPages: number };
  /** Entries of the regions that contain a block. */
  readonly #byBlock = new Map<number, Set<number>>();
  readonly #slots = new Map<number, number>();
  #freeSlots: number[] = [];
  compiled = 0;
  forgotten = 0;
  /** Host time that compiling took; 0 without a clock. */
  compileNs = 0;
  readonly #now: () => number;

  constructor(
    handlers: HandlerTable,
    view: DataView,
    limits: { minPages: number; maxPages: number },
    hostNowNs: () => number = () => 0,
  ) {
    this.#handlers = handlers;
    this.#view = view;
    this.#limits = limits;
    this.#now = hostNowNs;
  }

  has(header: number): boolean {
    return this.#slots.has(header);
  }

  /** Compiles the blocks reachable from `header` without leaving its page. Never while generated code runs. */
  compile(header: number, mode: number, find: BlockFinder): void {
    const slot = this.#freeSlots.pop() ?? this.#handlers.reserve();
    if (slot === undefined) return;
    const started = this.#now();
    const blocks = this.#gather(header, find);
    const module = new ModuleBuilder();
    const imports = declareImports(module, this.#limits);
    const { index, body } = module.addFunction(imports.handlerType);
    new RegionBuilder(body, blocks, mode, this.#view, imports).build();
    module.elements(slot, [index]);
    this.#handlers.instantiate(module);
    this.#slots.set(header, slot);
    for (const block of blocks) {
      let entries = this.#byBlock.get(block.header);
      if (!entries) this.#byBlock.set(block.header, (entries = new Set()));
      entries.add(header);
    }
    this.#view.setUint32(header + BLOCK.handler, slot, true);
    this.compiled++;
    this.compileNs += this.#now() - started;
  }

  /** A block is stale: so are the regions with it. */
  forget(header: number): void {
    for (const entry of this.#byBlock.get(header) ?? []) {
      const slot = this.#slots.get(entry);
      if (slot === undefined) continue;
      this.#slots.delete(entry);
      this.forgotten++;
      this.#freeSlots.push(slot);
      if (this.#view.getUint32(entry + BLOCK.handler, true) === slot)
        this.#view.setUint32(entry + BLOCK.handler, RUNTIME_HANDLER.HEADER, true);
    }
    this.#byBlock.delete(header);
  }

  flush(): void {
    this.#freeSlots.push(...this.#slots.values());
    this.#slots.clear();
    this.#byBlock.clear();
  }

  #gather(first: number, find: BlockFinder): RegionBlock[] {
    const blocks: RegionBlock[] = [];
    const seen = new Set<number>();
    const queue = [first];
    let count = 0;
    for (let header = queue.shift(); header !== undefined; header = queue.shift()) {
      if (seen.has(header) || blocks.length === MAX_BLOCKS) continue;
      const block = this.#read(header);
      if (count + block.instructions.length > MAX_INSTRUCTIONS && blocks.length > 0) continue;
      seen.add(header);
      count += block.instructions.length;
      blocks.push(block);
      for (const offset of this.#successors(block)) {
        const next = offset >= 0 && offset < PAGE ? find(offset) : undefined;
        if (next !== undefined) queue.push(next);
      }
    }
    return blocks;
  }

  #read(header: number): RegionBlock {
    const view = this.#view;
    const count = view.getUint32(header + BLOCK.count, true);
    const instructions = Array.from({ length: count }, (_, i) => {
      const record = header + (i + 1) * RECORD_BYTES;
      return { record, form: this.#handlers.formOf(view.getUint32(record + R.handler, true)) };
    });
    const end = header + (count + 1) * RECORD_BYTES;
    return {
      header,
      offset: view.getUint16(header + R.ipOffset, true),
      instructions,
      fallsTo: view.getUint16(end + R.ipOffset, true),
    };
  }

  #successors(block: RegionBlock): number[] {
    const { record, form } = block.instructions.at(-1)!;
    if (form.def.endsBlock !== true) return form.def.endsBlock ? [] : [block.fallsTo];
    const targets: number[] = [];
    if (form.targetInPage) targets.push(this.#view.getInt32(record + R.imm, true));
    if (form.nextInPage && form.targetInPage) targets.push(this.#view.getUint16(record + R.nextOffset, true));
    return targets;
  }
}
