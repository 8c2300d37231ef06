/** From plans to WebAssembly; needs nothing of the machine, so that a thread beside it can do it. */
import { ModuleBuilder, type FunctionBody } from '../../wasm/index.ts';
import { declareImports } from '../interp/runtime.ts';
import { blockEffects } from './effects.ts';
import { Flow } from './flow.ts';
import type { RegionPlan } from './plan.ts';
import { RecordView } from './record-copy.ts';
import { RegionBuilder } from './region-builder.ts';
import { Survey, type Stage } from './windows.ts';

/** A region to be compiled. Plain data. */
export interface RegionRequest {
  /** Entry of the function table that it will have. */
  readonly slot: number;
  readonly plan: RegionPlan;
}

/** What came of a request. */
export interface CompiledRegion {
  /** Length of its code. */
  readonly bytes: number;
  /** Blocks that it may be entered by, in the order of BLOCK.entry. */
  readonly entries: readonly number[];
}

/** Regions compiled together; the module puts them into their slots. Plain data. */
export interface CompiledRegions {
  readonly module: WebAssembly.Module;
  /** By request. */
  readonly regions: readonly CompiledRegion[];
}

/** Compiles regions, for any machine. */
export function compileRegions(requests: readonly RegionRequest[]): CompiledRegions {
  const module = new ModuleBuilder();
  const imports = declareImports(module);
  const regions = requests.map(({ slot, plan }) => {
    const flow = new Flow(plan.graph);
    const survey = new Survey(blockEffects(plan, module, imports));
    const source = { ...plan, flow, view: new RecordView(plan.records), survey };
    const emit = (stage: Stage): FunctionBody => {
      const body = module.newBody(imports.handlerType);
      new RegionBuilder(body, { ...source, stage }, slot, imports).build();
      return body;
    };
    let body = emit('accesses');
    if (survey.isWorthwhile) {
      body.release();
      body = emit('code');
    }
    module.elements(slot, [module.addBody(body)]);
    return { bytes: body.length, entries: flow.entries };
  });
  return { module: new WebAssembly.Module(module.encode()), regions };
}
