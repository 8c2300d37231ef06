/** The sixteen bytes of a UUID in the order in which its text shows them; zeros for none. RFC 9562, section 4. */
export function uuidBytes(text: string | undefined): Uint8Array {
  const hex = text?.replaceAll('-', '') ?? '';
  return Uint8Array.from({ length: 16 }, (_, i) => parseInt(hex.slice(i * 2, i * 2 + 2) || '0', 16));
}
