/** Archives in cpio's "newc" format, from which Linux fills its initial RAM disk. Linux buffer-format.rst; cpio(5). */

export type ArchiveEntry =
  | { readonly path: string; readonly folder: true }
  | { readonly path: string; readonly content: Uint8Array; readonly executable?: boolean };

const FOLDER = 0o040755;
const FILE = 0o100644;
const PROGRAM = 0o100755;
const TRAILER = 'TRAILER!!!';
/** Headers with their names, and contents, are filled up to this. */
const ALIGN_BYTES = 4;

/** The same entries give the same bytes: everything is root's, of 1970. A folder stands before what is in it. */
export function cpioArchive(entries: readonly ArchiveEntry[]): Uint8Array {
  const parts: Buffer[] = [];
  const add = (inode: number, path: string, mode: number, content: Uint8Array, links: number): void => {
    const name = Buffer.from(`${path}\0`, 'utf8');
    // Magic, then thirteen fields of eight hexadecimal digits: owner, group, time and devices are 0.
    const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
    parts.push(padded(Buffer.concat([Buffer.from(header, 'latin1'), name])), padded(content));
  };
  entries.forEach((entry, index) => {
    if ('folder' in entry) add(index + 1, entry.path, FOLDER, new Uint8Array(), 2);
    else add(index + 1, entry.path, entry.executable ? PROGRAM : FILE, entry.content, 1);
  });
  add(0, TRAILER, 0, new Uint8Array(), 1);
  return Buffer.concat(parts);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, new Uint8Array(-bytes.length & (ALIGN_BYTES - 1))]);
}
