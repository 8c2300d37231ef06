/** `node main/vm-host/make-common-handlers.ts FILE`: what common-handlers.ts reads beside a bundle; run by the build. */
import fs from 'node:fs';
import { encodeCommonHandlers } from '../../core/cpu/index.ts';

const { forms, code } = encodeCommonHandlers();
const header = Buffer.alloc(4 + 4 * forms.length);
header.writeUInt32LE(forms.length, 0);
forms.forEach((value, i) => header.writeInt32LE(value, 4 + 4 * i));
fs.writeFileSync(process.argv[2], Buffer.concat([header, code]));
