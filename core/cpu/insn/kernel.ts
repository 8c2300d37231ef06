import { OP, type FunctionBody, type ModuleBuilder } from '../../wasm/index.ts';
import { Expressions, typeOf } from './expressions.ts';
import { STATE } from '../layout.ts';
import { emitLoad, emitStore } from './memory.ts';
import { Value, type Width } from './value.ts';

/** What kernels are written over: expressions, the linear memory and the processor's state in it. */
export class KernelBuilder extends Expressions {
  state32(offset: number): Value {
    return this.load(32, this.const(32, STATE), offset);
  }

  setState32(offset: number, value: Value): void {
    this.store(this.const(32, STATE), value, offset);
  }

  /** Reads now. `address` is one in linear memory. */
  load(width: Width, address: Value, offset = 0): Value {
    return this.let(
      Value.tree(width, true, () => {
        this.push(address);
        emitLoad(this.code, width, offset);
      }),
    );
  }

  store(address: Value, value: Value, offset = 0): void {
    this.push(address);
    this.push(value);
    emitStore(this.code, value.width, offset);
  }
}

/**
 * A function of the runtime module that semantics call: generated code that changes no general register and no flag
 * (a region has them in locals) and raises no fault. It is compiled once, where the semantics' own code is compiled with every handler and region.
 */
export interface Kernel {
  readonly params: readonly Width[];
  readonly results: readonly Width[];
  /** Emits the body, which ends by `return` on every path. */
  readonly emit: (e: KernelBuilder, ...params: Value[]) => void;
}

/** The function type of a kernel in a module that imports or defines it. */
export function kernelType(module: ModuleBuilder, { params, results }: Kernel): number {
  return module.type(params.map(typeOf), results.map(typeOf));
}

export function emitKernel(body: FunctionBody, kernel: Kernel): void {
  kernel.emit(new KernelBuilder(body), ...kernel.params.map((width, i) => Value.local(width, true, i)));
  body.code.byte(OP.unreachable);
}
