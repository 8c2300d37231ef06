/** What the blocks of a region do to what is known of registers and pages, found without emitting their code for good. */
import type { ModuleBuilder } from '../../wasm/index.ts';
import { REP } from '../../isa/index.ts';
import { UNTOUCHING, type HelperName } from '../helpers.ts';
import type { Value, Width } from '../insn/value.ts';
import { formOfNumber } from '../interp/form.ts';
import { HandlerBuilder } from '../interp/handler-builder.ts';
import type { AccessPaths, HandlerImports, Place } from '../interp/memory-builder.ts';
import { RECORD_BYTES, gprAddress } from '../layout.ts';
import type { RegionPlan } from './plan.ts';
import { RecordView } from './record-copy.ts';

export const GPR_COUNT = 8;
const ALL_GPRS = (1 << GPR_COUNT) - 1;

export interface BlockEffects {
  /** General registers that it may write, a bit each. */
  readonly writes: number;
  /** It may move pages. */
  readonly moves: boolean;
}

/** The general register whose address this is; undefined: it is another's. */
export function gprOf(address: number): { index: number; high: boolean } | undefined {
  const offset = address - gprAddress(0);
  return offset >= 0 && offset < GPR_COUNT * 8 ? { index: offset >> 3, high: (offset & 7) === 1 } : undefined;
}

/**
 * Emits the handler of a form, which has all of its instructions' ways since it knows none of their operands, and notes
 * what it writes. The code is worth nothing.
 */
class EffectsBuilder extends HandlerBuilder {
  writes = 0;
  moves = false;
  /** Fields of the record that name registers it writes. */
  readonly fields = new Set<number>();

  override writeGpr(index: number, value: Value, high = false): void {
    this.writes |= 1 << index;
    super.writeGpr(index, value, high);
  }

  protected override writeRegister(field: number, value: Value): void {
    this.fields.add(field);
    super.writeRegister(field, value);
  }

  override helper(name: HelperName, ...args: Value[]): Value {
    this.moves = true;
    if (!UNTOUCHING.has(name)) this.writes = ALL_GPRS;
    return super.helper(name, ...args);
  }

  /** Only repeated string instructions make accesses by calls within a region (RegionState.hasSlowPaths). */
  protected override translated(place: Place, width: Width, write: boolean, paths: AccessPaths): void {
    if (this.form.rep !== REP.NONE) this.moves = true;
    super.translated(place, width, write, paths);
  }
}

type FormEffects = Pick<EffectsBuilder, 'writes' | 'moves' | 'fields'>;

/** By form number: the same in every machine. */
const known = new Map<number, FormEffects>();

function effectsOf(form: number, module: ModuleBuilder, imports: HandlerImports): FormEffects {
  let effects = known.get(form);
  if (!effects) {
    const body = module.newBody(imports.handlerType);
    const builder = new EffectsBuilder(body, formOfNumber(form), imports);
    builder.build();
    body.release();
    const { writes, moves, fields } = builder;
    known.set(form, (effects = { writes, moves, fields }));
  }
  return effects;
}

/** By block. `module`: any with the imports. */
export function blockEffects(
  { blocks, records }: RegionPlan,
  module: ModuleBuilder,
  imports: HandlerImports,
): BlockEffects[] {
  const view = new RecordView(records);
  return blocks.map(({ header, forms }) => {
    let writes = 0;
    let moves = false;
    forms.forEach((form, i) => {
      const record = header + (i + 1) * RECORD_BYTES;
      const effects = effectsOf(form, module, imports);
      writes |= effects.writes;
      moves ||= effects.moves;
      for (const field of effects.fields) {
        const gpr = gprOf(view.getUint32(record + field, true));
        if (gpr) writes |= 1 << gpr.index;
      }
    });
    return { writes, moves };
  });
}
