/** `node main/vm-host/make-common-handlers.ts FILE`: what common-handlers.ts reads beside a bundle; run by the build. */
import fs from 'node:fs';
import { encodeCommonHandlers } from '../../core/cpu/index.ts';

const { forms, module, runtime } = encodeCommonHandlers();
const header = Buffer.alloc(8 + 4 * forms.length);
header.writeUInt32LE(forms.length, 0);
forms.forEach((value, i) => header.writeInt32LE(value, 4 + 4 * i));
header.writeUInt32LE(runtime.length, 4 + 4 * forms.length);
fs.writeFileSync(process.argv[2], Buffer.concat([header, runtime, module]));
