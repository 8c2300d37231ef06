/** Turns a listing of 256 glyphs (hexadecimal, one a line) into `256 * height` bytes. */
export function glyphs(height: number, listing: string): Uint8Array {
  const digits = listing.replaceAll('\n', '');
  const bytes = new Uint8Array(256 * height);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
