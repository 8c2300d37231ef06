import { err, ok, type Result } from '../../core/base/index.ts';
import { fail, type CallResult } from '../../core/contract/index.ts';
import { FileBlock, isFloppySize, openHostFile } from '../vm-host/image-file.ts';

/** ISO 9660 6.7.1.4 and 8.1.2: the first volume descriptor, in sector 16. */
const ISO_OFFSET = 16 * 2048 + 1;
/** Where a boot sector of FAT says how many sectors the medium has, and of which sort it is. */
const BPB_SECTORS = 0x13;
const BPB_MEDIA = 0x15;
/** Media descriptors of floppies; F8h is a hard disk's. */
const isFloppyMedia = (byte: number): boolean => byte === 0xf0 || byte >= 0xf9;
const FLOPPY_BYTES_MAX = 2880 * 1024;

/** What sort of medium a file is an image of, by what is in it: its name may say nothing (`.img`). */
export function guessMedium(path: string): Result<CallResult<'media.guess'>> {
  const file = openHostFile(path, 'disk', false);
  if (!file.ok) return file;
  const { sizeBytes } = file.value;
  const block = new FileBlock(file.value, sizeBytes, true);
  const bytesAt = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    if (offset + length <= sizeBytes) block.read(offset, bytes);
    return bytes;
  };
  try {
    const isIso = Buffer.from(bytesAt(ISO_OFFSET, 5)).toString('latin1') === 'CD001';
    const boot = bytesAt(0, 512);
    const sectors = boot[BPB_SECTORS] | (boot[BPB_SECTORS + 1] << 8);
    const isFatFloppy = sectors * 512 === sizeBytes && isFloppyMedia(boot[BPB_MEDIA]);
    const isFloppy = sizeBytes <= FLOPPY_BYTES_MAX && (isFatFloppy || isFloppySize(sizeBytes));
    return ok({ path, sizeBytes, kind: isIso ? 'cdrom' : isFloppy ? 'floppy' : 'disk' });
  } catch (error) {
    return err(fail('file.io', `${path}: ${(error as Error).message}`, 'check the disk that holds it'));
  } finally {
    file.value.dispose();
  }
}
