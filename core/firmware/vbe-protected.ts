/**
 * What INT 10h AX=4F0Ah hands out: 32-bit code that programs copy to where they like and call with the registers of
 * 4F05h, 4F07h and 4F09h. VBE 3.0, "Function 0Ah - Return VBE Protected Mode Interface". The ports are those of the
 * Bochs display interface and the DAC.
 */
import { DISPI, DISPI_DATA, DISPI_INDEX } from './dispi.ts';

const DAC_WRITE_INDEX = 0x3c8;
const DAC_DATA = 0x3c9;

const word = (value: number): number[] => [value & 0xff, value >> 8];

const PUSHAD = 0x60;
const POPAD_RET = [0x61, 0xc3];
/** MOV DX,index port; MOV AX,register; OUT DX,AX; INC EDX: the data port is next. */
const select = (register: number): number[] => [
  ...[0x66, 0xba, ...word(DISPI_INDEX)],
  ...[0x66, 0xb8, ...word(register)],
  ...[0x66, 0xef, 0x42],
];
const IN_AX_DX = [0x66, 0xed];
const OUT_DX_AX = [0x66, 0xef];

/** DX: the window's position. */
const setWindow = [
  ...[PUSHAD, 0x89, 0xd1], // MOV ECX,EDX
  ...select(DISPI.BANK),
  ...[0x66, 0x89, 0xc8, ...OUT_DX_AX], // MOV AX,CX
  ...POPAD_RET,
];

/** DX:CX: where the picture begins, in units of four bytes; for packed pixels. */
const setDisplayStart = [
  ...[PUSHAD, 0xc1, 0xe2, 0x10, 0x66, 0x89, 0xca], // SHL EDX,16; MOV DX,CX
  ...[0xc1, 0xe2, 0x02, 0x89, 0xd7], // SHL EDX,2; MOV EDI,EDX
  ...[...select(DISPI.VIRT_WIDTH), 0x31, 0xc0, ...IN_AX_DX, 0x89, 0xc6], // XOR EAX,EAX; MOV ESI,EAX
  ...[...select(DISPI.BPP), 0x31, 0xc0, ...IN_AX_DX], // XOR EAX,EAX
  ...[0x83, 0xc0, 0x07, 0xc1, 0xe8, 0x03, 0x89, 0xc3], // ADD EAX,7; SHR EAX,3; MOV EBX,EAX: bytes of a pixel
  ...[0x0f, 0xaf, 0xf3], // IMUL ESI,EBX: bytes of a line
  ...[0x89, 0xf8, 0x31, 0xd2, 0xf7, 0xf6, 0x50], // MOV EAX,EDI; XOR EDX,EDX; DIV ESI; PUSH EAX: y
  ...[0x89, 0xd0, 0x31, 0xd2, 0xf7, 0xf3, 0x89, 0xc1], // MOV EAX,EDX; XOR EDX,EDX; DIV EBX; MOV ECX,EAX: x
  ...[...select(DISPI.X_OFFSET), 0x66, 0x89, 0xc8, ...OUT_DX_AX], // MOV AX,CX
  ...[0x59, ...select(DISPI.Y_OFFSET), 0x66, 0x89, 0xc8, ...OUT_DX_AX], // POP ECX; MOV AX,CX
  ...POPAD_RET,
];

/** CX entries of four bytes (blue, green, red, unused) at ES:EDI become the DAC's from DX on. */
const setPalette = [
  ...[PUSHAD, 0x88, 0xd0, 0x66, 0xba, ...word(DAC_WRITE_INDEX), 0xee, 0x42], // MOV AL,DL; OUT DX,AL; INC EDX
  ...[0x0f, 0xb7, 0xc9, 0xe3, 0x13], // MOVZX ECX,CX; JECXZ behind the loop
  ...[0x26, 0x8a, 0x47, 0x02, 0xee], // MOV AL,ES:[EDI+2]; OUT DX,AL
  ...[0x26, 0x8a, 0x47, 0x01, 0xee],
  ...[0x26, 0x8a, 0x07, 0xee],
  ...[0x83, 0xc7, 0x04, 0xe2, 0xed], // ADD EDI,4; LOOP
  ...POPAD_RET,
];

/** Ports, then memory that the code touches (none), each list ended by FFFFh. */
const resources = [DISPI_INDEX, DISPI_DATA, DAC_WRITE_INDEX, DAC_DATA, 0xffff, 0xffff].flatMap(word);

/** Offsets of the three functions and the lists, then these. */
export const VBE_PROTECTED_TABLE: readonly number[] = (() => {
  const parts = [setWindow, setDisplayStart, setPalette, resources];
  const header = parts.map((_, n) => parts.slice(0, n).reduce((at, part) => at + part.length, parts.length * 2));
  return [...header.flatMap(word), ...parts.flat()];
})();
