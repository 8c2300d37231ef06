import { expect, test } from 'vitest';
import { decode, newInstruction } from '../../isa/index.ts';
import { definitionOf } from '../insn/index.ts';
import { MODE } from '../layout.ts';
import { encodeCommonHandlers } from './common-handlers.ts';
import { formKey, formOf, formOfKey } from './form.ts';

test.each([
  ['ADD EAX,[EBX+ECX*4]', [0x03, 0x04, 0x8b]],
  ['MOV FS:[EDI],AX', [0x64, 0x66, 0x89, 0x07]],
  ['MOV SS,[EAX]', [0x8e, 0x10]],
  ['MOV DS,AX', [0x8e, 0xd8]],
  ['LSS ESP,[EAX]', [0x0f, 0xb2, 0x20]],
  ['REP MOVSD', [0xf3, 0xa5]],
  ['JNZ $+10h', [0x75, 0x0e]],
  ['FLD QWORD [ESI+8]', [0xdd, 0x46, 0x08]],
  ['PSHUFB XMM1,[ESP]', [0x66, 0x0f, 0x38, 0x00, 0x0c, 0x24]],
  ['IN AL,DX', [0xec]],
])('the form of %s is made again from its key', (_, bytes) => {
  const insn = newInstruction();
  for (const mode of [MODE.CODE32 | MODE.FLAT | MODE.STACK32, MODE.CODE32, MODE.REAL])
    for (const near of [false, true]) {
      decode(Uint8Array.from(bytes), 0, bytes.length, 32, insn);
      const def = definitionOf(insn.row)!;

      const again = formOfKey(def, insn.row, formKey(insn, mode, near, !near));

      expect(again).toEqual(formOf(def, insn, mode, near, !near));
    }
});

test('the forms that most systems need are of rows that there are, each once', () => {
  const { forms } = encodeCommonHandlers();

  const pairs = new Set(Array.from({ length: forms.length / 2 }, (_, i) => `${forms[2 * i]} ${forms[2 * i + 1]}`));
  expect(pairs.size).toBe(forms.length / 2);
  expect(pairs.size).toBeGreaterThan(1000);
});
