/**
 * Page faults that generated code met, delivered by it: the handler returned to here instead of to TypeScript. What
 * `enterGate` refuses, and every other fault, is TypeScript's.
 */
import { OP, VOID, type FunctionBody } from '../../wasm/index.ts';
import { VECTOR } from '../fault.ts';
import { FLAG, arithmeticFlags } from '../insn/flags.ts';
import { emitEnterGate } from '../insn/interrupt-kernels.ts';
import { KernelBuilder } from '../insn/kernel.ts';
import { Value } from '../insn/value.ts';
import { FAULT, INTERRUPTS, R, S, STATE, WALK } from '../layout.ts';
import { BUDGET, RECORD } from './emit.ts';

const ESP = 4;

/** Flags as tier 0 keeps them, in the state. */
class StateFlags extends KernelBuilder {
  flagsResult(): Value {
    return this.load(64, this.const(32, STATE), S.flagsResult);
  }
  flagsAux(): Value {
    return this.state32(S.flagsAux);
  }
  flagsResultIsZero(): Value {
    return this.isZero(this.flagsResult());
  }
  flagsResultSign(): Value {
    return this.trunc(this.shr(this.flagsResult(), 63), 32);
  }
  knownCondition(): undefined {
    return undefined;
  }
}

/** A handler's end after a fault. `enterGate` refuses by returning 0 from this function, which TypeScript sees. */
export function emitFaulted(body: FunctionBody, deliver: number, dynamicJump: number): void {
  const { code } = body;
  code.localGet(RECORD);
  code.call(deliver);
  code.byte(OP.i32Eqz);
  code.if(VOID);
  code.byte(OP.return);
  code.end();
  // Those after the faulting instruction in its block did not run.
  code.localGet(RECORD);
  code.localGet(BUDGET);
  code.localGet(RECORD);
  code.memory(OP.i32Load16U, R.remaining);
  code.byte(OP.i32Add);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.returnCall(dynamicJump);
}

/** (record) -> 1 when the page fault was delivered: rip, ESP and flags are the handler's. */
export function emitDeliverPageFault(body: FunctionBody): void {
  const k = new StateFlags(body);
  const c = (value: number): Value => k.const(32, value);
  const record = Value.local(32, true, RECORD);
  k.if(k.ne(k.state32(S.fault), c(FAULT.PAGE)), () => k.return(c(0)));
  const pointer = emitEnterGate(k, {
    vector: c(VECTOR.PF),
    rip: k.let(k.add(k.state32(S.ipBase), k.zext(k.load(16, record, R.ipOffset), 32))),
    eflags: k.let(k.or(k.or(k.state32(S.eflags), c(FLAG.RF)), arithmeticFlags(k))),
    errorCode: k.state32(WALK.error),
    hasError: c(1),
  });
  k.setState32(S.gpr + ESP * 8, pointer);
  k.setState32(S.fault, c(FAULT.NONE));
  k.store(c(INTERRUPTS.pageFaults), k.add(k.load(32, c(INTERRUPTS.pageFaults)), c(1)));
  k.return(c(1));
}
