/** Rock Ridge names in the system use area of a directory record. IEEE P1281 (SUSP 1.12), P1282 (RRIP 1.12), NM. */

const CONTINUATIONS_MAX = 32;
const NAME_CONTINUES = 1;
const CURRENT_OR_PARENT = 6;

/** Undefined when the record has no alternate name. `readArea` reads a continuation area; it throws ImageError. */
export function rockRidgeName(
  area: Uint8Array,
  readArea: (sector: number, offset: number, length: number) => Uint8Array,
): string | undefined {
  const parts: Uint8Array[] = [];
  let found = false;
  let rest: Uint8Array | undefined = area;
  for (let areas = 0; rest && areas < CONTINUATIONS_MAX; areas++) {
    const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
    let next: Uint8Array | undefined;
    for (let at = 0; at + 4 <= rest.length;) {
      const length = rest[at + 2];
      if (length < 4 || at + length > rest.length) break;
      const signature = String.fromCharCode(rest[at], rest[at + 1]);
      if (signature === 'ST') break;
      if (signature === 'CE' && length >= 28 && view.getUint32(at + 20, true) <= 2048)
        next = readArea(view.getUint32(at + 4, true), view.getUint32(at + 12, true), view.getUint32(at + 20, true));
      if (signature === 'NM' && length >= 5 && (rest[at + 4] & CURRENT_OR_PARENT) === 0) {
        found = true;
        parts.push(rest.subarray(at + 5, at + length));
        if ((rest[at + 4] & NAME_CONTINUES) === 0) return join(parts);
      }
      at += length;
    }
    rest = next;
  }
  return found ? join(parts) : undefined;
}

function join(parts: readonly Uint8Array[]): string {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(bytes);
}
