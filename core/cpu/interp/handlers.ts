import type { Instruction } from '../../isa/index.ts';
import { ModuleBuilder } from '../../wasm/index.ts';
import { definitionOf, type InsnDef } from '../insn/index.ts';
import { R, RECORD_BYTES } from '../layout.ts';
import { COMMON_SLOTS, type CommonHandlers } from './common-handlers.ts';
import { formKey, formNumber, formOf, rowName, type Form } from './form.ts';
import { RUNTIME_HANDLER } from './emit.ts';
import { HandlerBuilder } from './handler-builder.ts';
import { declareImports, runtimeModule, type TypeScriptImports } from './runtime.ts';

const TABLE_LIMIT = 1 << 16;
/** Entries that regions leave for handlers: more than there are forms. */
const HANDLER_RESERVE = 1 << 15;

/** The kernel `enterGate`. */
export type EnterGate = (vector: number, rip: number, eflags: number, errorCode: number, hasError: number) => number;

/** Sequences by the handlers of their instructions. */
interface Sequences {
  /** Of the whole sequence so far, if there is one. */
  handler: number | undefined;
  readonly next: Map<number, Sequences>;
}

interface Pending {
  readonly index: number;
  readonly form: Form;
}

/**
 * The function table of tier 0. A handler is made when the first instruction of its form is decoded; those that one
 * block needs are compiled together. Measured against making all forms at start: see docs/decisions.md.
 */
export class HandlerTable {
  readonly #table = new WebAssembly.Table({ element: 'anyfunc', initial: RUNTIME_HANDLER.COUNT, maximum: TABLE_LIMIT });
  readonly #byRow: (Map<number, number> | undefined)[] = [];
  readonly #definitions: (InsnDef | null | undefined)[] = [];
  readonly #env: Record<string, WebAssembly.ImportValue>;
  /** `formNumber` of each handler's form, by index. */
  readonly #numbers: number[] = [];
  #pending: Pending[] = [];
  #next: number = RUNTIME_HANDLER.COUNT + COMMON_SLOTS;
  #made = 0;
  /** CommonHandlers.forms, once they are adopted. */
  #common: Int32Array | undefined;
  /** By the first instruction's handler. */
  readonly #sequences: (Sequences | undefined)[] = [];
  /** Runs handlers from a record until they return. */
  readonly enter: (record: number, budget: number) => void;
  readonly walkPage: (linear: number, access: number) => number;
  readonly enterGate: EnterGate;

  constructor(memory: WebAssembly.Memory, calls: TypeScriptImports, common: CommonHandlers | undefined) {
    const shared = { memory, handlers: this.#table };
    const module = common?.runtime ?? new WebAssembly.Module(runtimeModule());
    const runtime = new WebAssembly.Instance(module, {
      env: { ...shared, readMiss: calls.readMiss, writeMiss: calls.writeMiss },
    });
    const { enter, ...functions } = runtime.exports as Record<string, WebAssembly.ImportValue>;
    this.#env = { ...shared, ...functions, helper: calls.helper };
    this.walkPage = runtime.exports.walkPage as typeof this.walkPage;
    this.enterGate = runtime.exports.enterGate as EnterGate;
    this.enter = enter as (record: number, budget: number) => void;
    if (common) this.#adopt(common);
  }

  /** Handlers that there are. */
  get count(): number {
    return RUNTIME_HANDLER.COUNT + this.#made + (this.#common?.length ?? 0) / 2;
  }

  /** What instructions were made of so far, a line for each row with its form keys: as COMMON_FORMS has them. */
  get formsUsed(): readonly string[] {
    return this.#byRow.flatMap((forms, id) =>
      forms ? [`${rowName(id)}: ${[...forms.keys()].map((key) => key.toString(36)).join(' ')}`] : [],
    );
  }

  #adopt({ forms, sequences, module }: CommonHandlers): void {
    this.#grow();
    this.instantiate(module);
    for (let i = 0; i < forms.length; i += 2) {
      const byKey = (this.#byRow[forms[i]] ??= new Map<number, number>());
      if (!byKey.has(forms[i + 1])) byKey.set(forms[i + 1], RUNTIME_HANDLER.COUNT + i / 2);
    }
    this.#common = forms;
    let handler = RUNTIME_HANDLER.COUNT + forms.length / 2;
    for (let at = 0; at < sequences.length; handler++) {
      const end = at + 1 + 2 * sequences[at];
      this.#addSequence(sequences.subarray(at + 1, end), handler);
      at = end;
    }
  }

  #addSequence(forms: Int32Array, handler: number): void {
    const handlers: number[] = [];
    for (let i = 0; i < forms.length; i += 2) handlers.push(this.#byRow[forms[i]]!.get(forms[i + 1])!);
    const [first, ...others] = handlers;
    let node = (this.#sequences[first] ??= { handler: undefined, next: new Map() });
    for (const other of others) {
      let next = node.next.get(other);
      if (!next) node.next.set(other, (next = { handler: undefined, next: new Map() }));
      node = next;
    }
    node.handler = handler;
    this.#numbers[handler] = formNumber(forms[0], forms[1]);
  }

  /** Of the instructions whose records these are, makes those that are a known sequence run by one handler. */
  joinSequences(view: DataView, first: number, count: number): void {
    const end = first + count * RECORD_BYTES;
    for (let record = first; record < end;) {
      let node = this.#sequences[view.getUint32(record + R.handler, true)];
      let after = record + RECORD_BYTES;
      let handler: number | undefined;
      for (let at = after; node && at < end; at += RECORD_BYTES) {
        node = node.next.get(view.getUint32(at + R.handler, true));
        if (node?.handler === undefined) continue;
        handler = node.handler;
        after = at + RECORD_BYTES;
      }
      if (handler !== undefined) view.setUint32(record + R.handler, handler, true);
      record = after;
    }
  }

  /** The definition that serves an instruction; undefined: not implemented. */
  definition(insn: Instruction): InsnDef | undefined {
    const { id } = insn.row;
    let found = this.#definitions[id];
    if (found === undefined) this.#definitions[id] = found = definitionOf(insn.row) ?? null;
    return found ?? undefined;
  }

  /** Table index of the handler for a decoded instruction; valid after `flush`. */
  handlerFor(insn: Instruction, def: InsnDef, mode: number, targetInPage: boolean, nextInPage: boolean): number {
    const forms = (this.#byRow[insn.row.id] ??= new Map());
    const key = formKey(insn, mode, targetInPage, nextInPage);
    let index = forms.get(key);
    if (index === undefined) {
      index = this.#next++;
      this.#made++;
      forms.set(key, index);
      this.#numbers[index] = formNumber(insn.row.id, key);
      this.#pending.push({ index, form: formOf(def, insn, mode, targetInPage, nextInPage) });
    }
    return index;
  }

  /** Of the form that a handler was made from: `formNumber`. */
  numberOf(index: number): number {
    const i = 2 * (index - RUNTIME_HANDLER.COUNT);
    return this.#numbers[index] ?? formNumber(this.#common![i], this.#common![i + 1]);
  }

  /** A table entry of its own for a compiled region; undefined when only the reserve for handlers is left. */
  reserve(): number | undefined {
    if (this.#next >= TABLE_LIMIT - HANDLER_RESERVE) return undefined;
    const index = this.#next++;
    this.#grow();
    return index;
  }

  #grow(): void {
    if (this.#next > this.#table.length) this.#table.grow(Math.min(TABLE_LIMIT, this.#next * 2) - this.#table.length);
  }

  /** Lets go of a region's function. */
  release(slot: number): void {
    this.#table.set(slot, null);
  }

  /** The module puts its functions into the table itself. */
  instantiate(module: WebAssembly.Module): void {
    new WebAssembly.Instance(module, { env: this.#env });
  }

  /** Compiles the handlers that were asked for since the last time. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#grow();
    const module = new ModuleBuilder();
    const imports = declareImports(module);
    const functions = this.#pending.map(({ form }) => {
      const { index, body } = module.addFunction(imports.handlerType);
      new HandlerBuilder(body, form, imports).build();
      return index;
    });
    module.elements(this.#pending[0].index, functions);
    this.instantiate(new WebAssembly.Module(module.encode()));
    this.#pending = [];
  }
}
