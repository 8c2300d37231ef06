/** The instruction set: opcode tables, decoder, disassembler. Encodings stand here once; semantics live in cpu/insn. */
export * from './instruction.ts';
export { decode, newInstruction } from './decode.ts';
export { format, operandBytes } from './disasm.ts';
export { rows } from './opcode-map.ts';
