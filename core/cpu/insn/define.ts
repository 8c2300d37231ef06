import type { OpcodeRow } from '../../isa/index.ts';
import type { Builder } from './builder.ts';
import type { Opnd } from './operand.ts';

/** What an instruction does, over its operands in the order of the opcode table. */
export type Semantics = (b: Builder, ...operands: Opnd[]) => void;

export interface InsnTraits {
  /** The instruction always leaves through a jump, or changes what later code means: it ends its block. */
  readonly endsBlock?: boolean | 'protected';
  /** A near call, whose return comes to the next instruction; a near return. */
  readonly link?: 'call' | 'return';
  /** A near call or jump to where an operand points, which is mostly where it went before. */
  readonly computed?: boolean;
}

export interface InsnDef extends InsnTraits {
  readonly name: string;
  readonly semantics: Semantics;
}

const definitions = new Map<string, InsnDef>();

/**
 * Defines an instruction, once. `name` is the mnemonic, optionally followed by the operand kinds it is for
 * ("MOV S" is MOV with a segment register first; "FLD Mt" also names the size), the longest match wins.
 */
export function insn(name: string, semantics: Semantics, traits: InsnTraits = {}): void {
  if (definitions.has(name)) throw new Error(`${name} is defined twice`);
  definitions.set(name, { name, semantics, ...traits });
}

/** The definition that serves a row of the opcode tables; undefined when the instruction is not implemented. */
export function definitionOf(row: OpcodeRow): InsnDef | undefined {
  const kinds = row.operands.map((o) => o.fixed ?? o.kind);
  const sized = row.operands.map((o) => o.fixed ?? o.kind + o.size);
  for (let count = kinds.length; count > 0; count--)
    for (const names of [sized, kinds]) {
      const found = definitions.get(`${row.mnemonic} ${names.slice(0, count).join(',')}`);
      if (found) return found;
    }
  return definitions.get(row.mnemonic);
}
