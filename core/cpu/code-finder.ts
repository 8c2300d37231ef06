/** From rip to decoded code, when generated code does not find it itself: decodes, links, and asks for compiling. */
import { SEG } from '../isa/index.ts';
import type { CpuCounters } from './counters.ts';
import { gp } from './fault.ts';
import type { BlockCache } from './interp/blocks.ts';
import type { BlockFinder, RegionPage } from './jit/plan.ts';
import { HOT, type Regions } from './jit/regions.ts';
import type { CompilingWorth } from './jit/worth.ts';
import { BLOCK, EXIT, MODE, S } from './layout.ts';
import type { Mmu } from './mmu.ts';
import type { CpuState } from './state.ts';

const MODE_MASK = 0xff;

export interface CodeFinderParts {
  readonly cpu: {
    readonly state: CpuState;
    readonly mmu: Mmu;
    readonly blocks: BlockCache;
    readonly regions: Regions;
  };
  readonly counters: CpuCounters;
  /** Of linear memory. */
  readonly view: DataView;
  readonly jit: 'off' | 'auto' | 'force';
  /** Asked of all that became hot, but where everything is compiled. */
  readonly worth: CompilingWorth;
}

export class CodeFinder {
  readonly #p: CodeFinderParts;

  constructor(parts: CodeFinderParts) {
    this.#p = parts;
  }

  /** The block at rip, decoded if need be; sets S.ipBase. Throws CpuFault. */
  resolve(single: boolean): number {
    const { cpu, counters } = this.#p;
    const { state, mmu, blocks, regions } = cpu;
    counters.resolved++;
    const rip = state.rip;
    const limit = state.limit(SEG.CS);
    if (rip > limit) throw gp();
    const linear = (state.base(SEG.CS) + rip) >>> 0;
    const ipBase = rip - (linear & 0xfff);
    // A page that the segment ends in is run one instruction at a time, each checked against the limit.
    const partial = limit !== 0xffff_ffff && ipBase + 0xfff > limit;
    const one = single || partial;
    let mode = state.get(S.jumpKey) & MODE_MASK;
    if (one) mode |= MODE.SINGLE;
    if (ipBase < 0) mode |= MODE.LOW;
    const link = state.get(S.exitLink);
    state.set(S.exitLink, 0);
    state.set(S.ipBase, ipBase);
    const physical = mmu.fetch(linear);
    const place = { physical, nextPage: () => mmu.fetch(((linear & ~0xfff) + 0x1000) >>> 0) };
    const known = blocks.find(place, mode);
    if (known !== undefined) {
      if (!one) {
        this.#reach(physical, known, link);
        this.#warm(known, { physical: physical - (physical & 0xfff), ipBase }, mode);
      }
      return known;
    }
    const fresh = blocks.nearlyFull;
    if (fresh) {
      blocks.flush();
      regions.flush();
    }
    const built = blocks.build(place, mode, limit - rip + 1);
    if (!one && built.reusable) this.#reach(physical, built.record, fresh ? 0 : link);
    return built.record;
  }

  /** Compiles a block that has run often, with what it leads to. */
  #warm(header: number, page: RegionPage, mode: number): void {
    const { cpu, counters, view, jit, worth } = this.#p;
    const { state, mmu, blocks, regions } = cpu;
    const compiled = regions.has(header);
    if (state.get(S.exitReason) === EXIT.BUDGET) {
      const tier = regions.covers(header) ? 'compiled' : 'interpreted';
      counters.sample((state.base(SEG.CS) + state.rip) >>> 0, tier);
    }
    if (jit === 'off' || compiled || view.getInt32(header + BLOCK.heat, true) > 0) return;
    if (jit === 'auto' && !worth.spend()) {
      view.setInt32(header + BLOCK.heat, HOT, true);
      return;
    }
    const find: BlockFinder = (from, offset) => {
      let at = from;
      if (offset < 0 || offset > 0xfff) {
        // Only of flat segments is it known which linear page is next.
        if (!(mode & MODE.FLAT)) return undefined;
        const linear = (from.ipBase + offset) >>> 0;
        const physical = mmu.probeFetch(linear);
        if (physical < 0) return undefined;
        at = { physical: physical - (physical & 0xfff), ipBase: linear - (linear & 0xfff) };
      }
      const found = blocks.findInPage(at.physical + (offset & 0xfff), mode);
      return found === undefined ? undefined : { header: found, page: at };
    };
    regions.compile(header, page, mode, find, jit === 'force');
  }

  /** Makes a block known to the branch that asked for it (in the same page: both move together) and to later jumps. */
  #reach(physical: number, record: number, link: number): void {
    const { cpu, view } = this.#p;
    const { state, blocks } = cpu;
    if (link !== 0) blocks.link(link, record);
    else if (state.get(S.exitReason) === EXIT.RESOLVE) view.setUint32(record + BLOCK.dynamic, 1, true);
    blocks.remember(physical, state.get(S.jumpKey), record);
  }
}
