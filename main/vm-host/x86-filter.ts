/**
 * The x86 filter of xz: before compressing, the operands of CALL and JMP rel32 were made absolute. An operand counts
 * when its highest byte says that it is near, and when what lies before it does not make it look like something else.
 */
const OPERAND_BYTES = 4;
const INSTRUCTION_BYTES = 1 + OPERAND_BYTES;

const isCallOrJump = (byte: number): boolean => (byte & 0xfe) === 0xe8;
const isNear = (byte: number): boolean => byte === 0x00 || byte === 0xff;

/**
 * By which of the three bytes before it (bit 0: the nearest) looked like opcodes: whether an operand may count at all, and
 * which of its bytes, from the highest, overlaps the operand of the one that was nearest.
 */
const MAY_COUNT = [true, true, true, false, true, false, false, false];
const OVERLAPS = [0, 1, 2, 2, 3, 3, 3, 3];

/** Makes the operands in `code`, which begins at address 0, relative again. */
export function unfilterX86(code: Uint8Array): void {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  let opcodes = 0;
  let last = -INSTRUCTION_BYTES;
  for (let at = 0; at + INSTRUCTION_BYTES <= code.length; at++) {
    if (!isCallOrJump(code[at])) continue;
    const gap = at - last;
    last = at;
    opcodes = gap > 3 ? 0 : (opcodes << (gap - 1)) & 7;
    const overlap = OVERLAPS[opcodes];
    const counts =
      isNear(code[at + OPERAND_BYTES]) &&
      (opcodes === 0 || (MAY_COUNT[opcodes] && !isNear(code[at + OPERAND_BYTES - overlap])));
    if (!counts) {
      opcodes = (opcodes << 1) | 1;
      continue;
    }
    const next = at + INSTRUCTION_BYTES;
    let absolute = view.getUint32(at + 1, true);
    let relative = (absolute - next) | 0;
    if (opcodes !== 0) {
      const below = 32 - 8 * overlap;
      while (isNear((relative >>> (below - 8)) & 0xff)) {
        absolute = relative ^ (2 ** below - 1);
        relative = (absolute - next) | 0;
      }
    }
    // 25 bits with their sign.
    view.setInt32(at + 1, (relative << 7) >> 7, true);
    at += OPERAND_BYTES;
  }
}
