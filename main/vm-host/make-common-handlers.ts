/** `node main/vm-host/make-common-handlers.ts FILE`: what common-handlers.ts reads beside a bundle; run by the build. */
import fs from 'node:fs';
import { encodeCommonHandlers } from '../../core/cpu/index.ts';

const { forms, sequences, module, runtime } = encodeCommonHandlers();
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const numbers = (values: Int32Array): Buffer[] => [u32(values.length), Buffer.from(values.buffer)];
const parts = [...numbers(forms), ...numbers(sequences), u32(runtime.length), runtime, module];
fs.writeFileSync(process.argv[2], Buffer.concat(parts));
