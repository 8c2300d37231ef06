import { rows } from '../../isa/index.ts';
import { ModuleBuilder } from '../../wasm/index.ts';
import { definitionOf } from '../insn/index.ts';
import { COMMON_FORMS } from './common-forms.ts';
import { COMMON_SEQUENCES } from './common-sequences.ts';
import { formNumber, formOfKey, rowName, type Form } from './form.ts';
import { RUNTIME_HANDLER } from './emit.ts';
import { HandlerBuilder } from './handler-builder.ts';
import { declareImports, runtimeModule } from './runtime.ts';
import { SequenceBuilder } from './sequence-builder.ts';

/** Entries of the function table that are kept for common handlers and sequences, after those of the runtime. */
export const COMMON_SLOTS = 4096;

/**
 * Handlers that most systems need, in one module (a hundredth of the time that making them one by one takes), and what
 * the handlers of all machines need.
 */
export interface CommonHandlers {
  /** Row id and form key in turn; handler i is entry RUNTIME_HANDLER.COUNT + i of the table. */
  readonly forms: Int32Array;
  /** The number of a sequence's instructions, then row id and form key of each, in turn; their handlers follow those of `forms`. */
  readonly sequences: Int32Array;
  readonly module: WebAssembly.Module;
  /** `runtimeModule`, which they call. */
  readonly runtime: WebAssembly.Module;
}

function rowsByName(): Map<string, number[]> {
  const byName = new Map<string, number[]>();
  for (const { id } of rows) byName.set(rowName(id), [...(byName.get(rowName(id)) ?? []), id]);
  return byName;
}

/** The forms of COMMON_FORMS as `CommonHandlers.forms`; names that no row has any more are left out. */
function commonForms(byName: ReadonlyMap<string, readonly number[]>): Int32Array {
  const forms: number[] = [];
  for (const line of COMMON_FORMS.trim().split('\n')) {
    const [name, keys] = line.split(': ');
    for (const id of byName.get(name) ?? [])
      if (definitionOf(rows[id])) for (const key of keys.split(' ')) forms.push(id, Number.parseInt(key, 36));
  }
  return Int32Array.from(forms.slice(0, 2 * COMMON_SLOTS));
}

/** The same of COMMON_SEQUENCES, as far as their forms are in `forms`. */
function commonSequences(byName: ReadonlyMap<string, readonly number[]>, forms: Int32Array): Int32Array {
  const known = new Set<number>();
  for (let i = 0; i < forms.length; i += 2) known.add(formNumber(forms[i], forms[i + 1]));
  return Int32Array.from(
    COMMON_SEQUENCES.trim()
      .split('\n')
      .flatMap((line) => {
        const steps = line.split('; ').map((step) => {
          const at = step.lastIndexOf(' ');
          const key = Number.parseInt(step.slice(at + 1), 36);
          return { row: byName.get(step.slice(0, at))?.find((id) => known.has(formNumber(id, key))), key };
        });
        if (steps.some(({ row }) => row === undefined)) return [];
        return [steps.length, ...steps.flatMap(({ row, key }) => [row!, key])];
      }),
  );
}

/** CommonHandlers whose modules are to be compiled. */
export interface EncodedHandlers {
  readonly forms: Int32Array;
  readonly sequences: Int32Array;
  readonly module: Uint8Array<ArrayBuffer>;
  readonly runtime: Uint8Array<ArrayBuffer>;
}

/** At once; a program that has something else to do meanwhile compiles the modules beside it. */
export const compiledHandlers = ({ module, runtime, ...tables }: EncodedHandlers): CommonHandlers => ({
  ...tables,
  module: new WebAssembly.Module(module),
  runtime: new WebAssembly.Module(runtime),
});

export function encodeCommonHandlers(): EncodedHandlers {
  const byName = rowsByName();
  const forms = commonForms(byName);
  const sequences = commonSequences(byName, forms);
  const module = new ModuleBuilder();
  const imports = declareImports(module);
  const functions: number[] = [];
  for (let i = 0; i < forms.length; i += 2) {
    const { index, body } = module.addFunction(imports.handlerType);
    new HandlerBuilder(body, commonForm(forms, i), imports).build();
    functions.push(index);
  }
  for (let at = 0; at < sequences.length;) {
    const end = at + 1 + 2 * sequences[at];
    const steps = [];
    for (let i = at + 1; i < end; i += 2) steps.push(commonForm(sequences, i));
    const { index, body } = module.addFunction(imports.handlerType);
    new SequenceBuilder(body, steps, imports).build();
    functions.push(index);
    at = end;
  }
  module.elements(RUNTIME_HANDLER.COUNT, functions);
  return { forms, sequences, module: module.encode(), runtime: runtimeModule() };
}

function commonForm(forms: Int32Array, at: number): Form {
  const row = rows[forms[at]];
  return formOfKey(definitionOf(row)!, row, forms[at + 1]);
}
