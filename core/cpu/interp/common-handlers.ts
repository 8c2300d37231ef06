import { rows } from '../../isa/index.ts';
import { ModuleBuilder } from '../../wasm/index.ts';
import { definitionOf } from '../insn/index.ts';
import { COMMON_FORMS } from './common-forms.ts';
import { formOfKey } from './form.ts';
import { HandlerBuilder } from './handler-builder.ts';
import { RUNTIME_HANDLER, declareImports, runtimeModule } from './runtime.ts';

/** Entries of the function table that are kept for common handlers, after those of the runtime. */
export const COMMON_SLOTS = 4096;

/**
 * Handlers that most systems need, in one module (a hundredth of the time that making them one by one takes), and what
 * the handlers of all machines need.
 */
export interface CommonHandlers {
  /** Row id and form key in turn; handler i is entry RUNTIME_HANDLER.COUNT + i of the table. */
  readonly forms: Int32Array;
  readonly module: WebAssembly.Module;
  /** `runtimeModule`, which they call. */
  readonly runtime: WebAssembly.Module;
}

/** Rows by what is stable between builds; a few share a name. */
export const rowName = (id: number): string => {
  const { mnemonic, operands } = rows[id];
  return `${mnemonic} ${operands.map(({ kind, size, fixed }) => fixed ?? kind + size).join(',')}`;
};

/** The forms of COMMON_FORMS as `CommonHandlers.forms`; names that no row has any more are left out. */
function commonForms(): Int32Array {
  const byName = new Map<string, number[]>();
  for (const { id } of rows) byName.set(rowName(id), [...(byName.get(rowName(id)) ?? []), id]);
  const forms: number[] = [];
  for (const line of COMMON_FORMS.trim().split('\n')) {
    const [name, keys] = line.split(': ');
    for (const id of byName.get(name) ?? [])
      if (definitionOf(rows[id])) for (const key of keys.split(' ')) forms.push(id, Number.parseInt(key, 36));
  }
  return Int32Array.from(forms.slice(0, 2 * COMMON_SLOTS));
}

/** CommonHandlers whose modules are to be compiled. */
export interface EncodedHandlers {
  readonly forms: Int32Array;
  readonly module: Uint8Array<ArrayBuffer>;
  readonly runtime: Uint8Array<ArrayBuffer>;
}

export function encodeCommonHandlers(): EncodedHandlers {
  const forms = commonForms();
  const module = new ModuleBuilder();
  const imports = declareImports(module);
  const functions: number[] = [];
  for (let i = 0; i < forms.length; i += 2) {
    const row = rows[forms[i]];
    const { index, body } = module.addFunction(imports.handlerType);
    new HandlerBuilder(body, formOfKey(definitionOf(row)!, row, forms[i + 1]), imports).build();
    functions.push(index);
  }
  module.elements(RUNTIME_HANDLER.COUNT, functions);
  return { forms, module: module.encode(), runtime: runtimeModule() };
}
