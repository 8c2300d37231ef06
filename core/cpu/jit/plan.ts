/** What a region is made of: decoded blocks and the ways between them, found from the block that is hot. */
import type { HandlerTable } from '../interp/handlers.ts';
import { formOfNumber, type Form } from '../interp/form.ts';
import { BLOCK, R, RECORD_BYTES } from '../layout.ts';
import type { FlowGraph } from './flow.ts';
import { copyRecords, type RecordCopy } from './record-copy.ts';

/** Of a region that begins with one block. */
export const REGION_INSTRUCTIONS = 300;
/** Blocks have five instructions on average: this bounds regions of shorter ones. */
const INSTRUCTIONS_A_BLOCK = 5;
/** Returns that are compared with a return point each; beyond that they are looked up. */
const MAX_RETURN_POINTS = 4;

/** Where a page of code lies: its physical address, and rip minus the offset in the page. */
export interface RegionPage {
  readonly physical: number;
  readonly ipBase: number;
}

/** Where a region may be entered, and from where its blocks are gathered. */
export interface RegionSeed {
  readonly header: number;
  readonly page: RegionPage;
}

export interface RegionBlock {
  readonly header: number;
  /** Number of its page in the plan. */
  readonly page: number;
  /** Offset in the page of its first byte. */
  readonly offset: number;
  /** `formNumber` of each instruction; their records follow the header. */
  readonly forms: readonly number[];
  /** Offset of what follows when the last instruction is no branch. */
  readonly fallsTo: number;
}

/** A block outside of the region that control passes to. */
export interface RegionExit {
  readonly header: number;
  readonly page: RegionPage;
}

/** Plain data: it crosses to the thread that compiles it. */
export interface RegionPlan {
  /** All in one mode, MODE.* bits. */
  readonly mode: number;
  readonly pages: readonly RegionPage[];
  /** The first is the first seed. */
  readonly blocks: readonly RegionBlock[];
  /** Of the blocks, as they are now. */
  readonly records: RecordCopy;
  /** Blocks that a return of this block may come to, by block. */
  readonly returnPoints: readonly (readonly number[])[];
  /** The block that a computed call or jump is expected to go to, by block. */
  readonly expected: readonly (number | undefined)[];
  /** Known blocks outside that a block leads to, by the offset in the block's page. */
  readonly exits: readonly ReadonlyMap<number, RegionExit>[];
  readonly graph: FlowGraph;
  /** Whether accesses that lie close together may share a look-up. */
  readonly windows: boolean;
}

/** Finds decoded code: the block at an offset of a page (which may lie outside it), and the page that it lies in. */
export type BlockFinder = (page: RegionPage, offset: number) => { header: number; page: RegionPage } | undefined;

/** Gathers blocks from seeds on, nearest first. */
export class Planner {
  readonly #handlers: HandlerTable;
  readonly #view: DataView;
  readonly #find: BlockFinder;
  readonly #pages: RegionPage[] = [];
  readonly #blocks: RegionBlock[] = [];
  readonly #byHeader = new Map<number, number>();
  readonly #pending: { header: number; page: RegionPage }[] = [];
  readonly #joins: (header: number) => boolean;

  /** `joins`: whether a block has run often enough. */
  constructor(handlers: HandlerTable, view: DataView, find: BlockFinder, joins: (header: number) => boolean) {
    this.#handlers = handlers;
    this.#view = view;
    this.#find = find;
    this.#joins = joins;
  }

  plan(seeds: readonly RegionSeed[], mode: number, windows: boolean, maxInstructions: number): RegionPlan {
    this.#pending.push(...seeds);
    const maxBlocks = Math.ceil(maxInstructions / INSTRUCTIONS_A_BLOCK);
    let instructions = 0;
    for (let at = 0; at < this.#pending.length && this.#blocks.length < maxBlocks; at++) {
      const { header: next, page: place } = this.#pending[at];
      if (this.#byHeader.has(next)) continue;
      const block = this.#read(next, this.#pageNumber(place));
      instructions += block.forms.length;
      if (instructions > maxInstructions && this.#blocks.length > 0) break;
      this.#byHeader.set(next, this.#blocks.length);
      this.#blocks.push(block);
      for (const offset of [...this.#successors(block), ...resumes(this.#view, block)]) this.#ask(place, offset);
    }
    return this.#connect(seeds, mode, windows);
  }

  #pageNumber(page: RegionPage): number {
    const found = this.#pages.findIndex((p) => p.physical === page.physical && p.ipBase === page.ipBase);
    if (found >= 0) return found;
    this.#pages.push(page);
    return this.#pages.length - 1;
  }

  #ask(page: RegionPage, offset: number): void {
    const found = this.#find(page, offset);
    if (found && this.#joins(found.header)) this.#pending.push(found);
  }

  #read(header: number, page: number): RegionBlock {
    const view = this.#view;
    const count = view.getUint32(header + BLOCK.count, true);
    const forms: number[] = [];
    for (let record = header + RECORD_BYTES; forms.length < count; record += RECORD_BYTES)
      forms.push(this.#handlers.numberOf(view.getUint32(record + R.handler, true)));
    const end = header + (count + 1) * RECORD_BYTES;
    const offset = view.getUint16(header + R.ipOffset, true);
    return { header, page, offset, forms, fallsTo: view.getUint16(end + R.ipOffset, true) };
  }

  /** Offsets of the blocks that control passes to directly, or by a computed jump the last time. */
  #successors(block: RegionBlock): number[] {
    const view = this.#view;
    const last = lastOf(block);
    if (!endsAlways(last.form)) return [block.fallsTo];
    if (last.form.def.computed) {
      const rip = view.getUint32(last.record + R.lastTarget, true);
      return rip === 0 ? [] : [rip - this.#pages[block.page].ipBase];
    }
    const target = branchTarget(view, last);
    if (target === undefined) return [];
    // A jump or a call goes to its target only; what goes on with the next instruction too is a conditional branch.
    if (last.form.def.link === 'call' || last.form.def.name === 'JMP J') return [target];
    return [target, view.getUint16(last.record + R.nextOffset, true)];
  }

  #blockAt(page: number, offset: number): number | undefined {
    const found = this.#find(this.#pages[page], offset);
    return found && this.#included(found);
  }

  /** Number of a block, unless it was reached at another linear address. */
  #included({ header, page }: RegionSeed): number | undefined {
    const index = this.#byHeader.get(header);
    return index !== undefined && this.#pages[this.#blocks[index].page].ipBase === page.ipBase ? index : undefined;
  }

  #connect(seeds: readonly RegionSeed[], mode: number, windows: boolean): RegionPlan {
    const blocks = this.#blocks;
    const present = (block: RegionBlock, offsets: readonly number[]): number[] =>
      offsets.map((offset) => this.#blockAt(block.page, offset)).filter((index) => index !== undefined);
    const edges = blocks.map((block) => present(block, this.#successors(block)));
    const resumed = blocks.map((block) => present(block, resumes(this.#view, block)));
    const returnPoints = this.#returnPoints(edges, resumed);
    const entered = seeds.map((seed) => this.#included(seed)).filter((index) => index !== undefined);
    const entries = new Set([...entered, ...resumed.flat()]);
    blocks.forEach(({ header }, index) => {
      if (this.#view.getUint32(header + BLOCK.dynamic, true) !== 0) entries.add(index);
    });
    const graph: FlowGraph = {
      count: blocks.length,
      edges: edges.map((targets, index) => [...targets, ...returnPoints[index]]),
      entries: [...entries],
      weights: blocks.map(({ forms }) => forms.length),
    };
    const expected = blocks.map((block, index) => (lastOf(block).form.def.computed ? edges[index][0] : undefined));
    const exits = blocks.map((block) => this.#exits(block));
    const records = copyRecords(this.#view, blocks);
    return { mode, pages: this.#pages, blocks, records, returnPoints, expected, exits, graph, windows };
  }

  #exits(block: RegionBlock): Map<number, RegionExit> {
    const exits = new Map<number, RegionExit>();
    for (const offset of this.#successors(block)) {
      const found = this.#find(this.#pages[block.page], offset);
      if (found && this.#included(found) === undefined) exits.set(offset, found);
    }
    return exits;
  }

  /** For each block that ends with a return, where calls of its function in this region go on. */
  #returnPoints(edges: readonly number[][], resumed: readonly number[][]): number[][] {
    const points = this.#blocks.map(() => new Set<number>());
    this.#blocks.forEach((caller, index) => {
      if (linkOf(caller) !== 'call' || edges[index].length === 0 || resumed[index].length === 0) return;
      for (const block of this.#withinFunction(edges[index][0], edges, resumed))
        if (linkOf(this.#blocks[block]) === 'return') points[block].add(resumed[index][0]);
    });
    return points.map((set) => (set.size <= MAX_RETURN_POINTS ? [...set] : []));
  }

  /** Blocks reached from a function's entry without following its calls. */
  #withinFunction(entry: number, edges: readonly number[][], resumed: readonly number[][]): Set<number> {
    const seen = new Set([entry]);
    for (const block of seen)
      for (const next of linkOf(this.#blocks[block]) === 'call' ? resumed[block] : edges[block]) seen.add(next);
    return seen;
  }
}

const lastOf = ({ header, forms }: RegionBlock): { record: number; form: Form } => ({
  record: header + forms.length * RECORD_BYTES,
  form: formOfNumber(forms.at(-1)!),
});
const linkOf = (block: RegionBlock): 'call' | 'return' | undefined => lastOf(block).form.def.link;

const endsAlways = (form: Form): boolean =>
  form.def.endsBlock === true || (form.def.endsBlock === 'protected' && !form.realMode);

/** Offset in the page that a direct branch goes to; undefined for other instructions and truncated targets. */
export function branchTarget(
  view: Pick<DataView, 'getInt32'>,
  { record, form }: { record: number; form: Form },
): number | undefined {
  if (form.operands[0]?.kind !== 'rel' || !(form.targetInPage || (form.flat && form.operandWidth === 32)))
    return undefined;
  return view.getInt32(record + R.imm, true);
}

/** Where control comes back to by itself: behind a call, behind an instruction that looks the next one up. */
function resumes(view: DataView, block: RegionBlock): number[] {
  const last = lastOf(block);
  if (!endsAlways(last.form)) return [];
  if (last.form.def.link === 'return' || (last.form.def.link === undefined && last.form.operands[0]?.kind === 'rel'))
    return [];
  if (last.form.def.computed && last.form.def.link === undefined) return [];
  return [view.getUint16(last.record + R.nextOffset, true)];
}
