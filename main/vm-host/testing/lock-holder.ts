import { lockImage } from '../image-lock.ts';

/** Holds a lock until it is killed: `lock-holder.ts IDENTITY FOLDER`. */
const [identity, folder] = process.argv.slice(2);
const lock = await lockImage(identity, 'held.img', folder);
process.send?.({ ok: lock.ok });
setInterval(() => {}, 1000);
