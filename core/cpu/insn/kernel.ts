import { OP, type FunctionBody, type ModuleBuilder } from '../../wasm/index.ts';
import { Expressions, typeOf } from './expressions.ts';
import { Value, type Width } from './value.ts';

/**
 * A function of the runtime module that semantics call: generated code on values alone, which changes no state and
 * raises no fault. It is compiled once, where the semantics' own code is compiled with every handler and region.
 */
export interface Kernel {
  readonly params: readonly Width[];
  readonly results: readonly Width[];
  /** Emits the body, which ends by `return` on every path. */
  readonly emit: (e: Expressions, ...params: Value[]) => void;
}

/** The function type of a kernel in a module that imports or defines it. */
export function kernelType(module: ModuleBuilder, { params, results }: Kernel): number {
  return module.type(params.map(typeOf), results.map(typeOf));
}

export function emitKernel(body: FunctionBody, kernel: Kernel): void {
  kernel.emit(new Expressions(body), ...kernel.params.map((width, i) => Value.local(width, true, i)));
  body.code.byte(OP.unreachable);
}
