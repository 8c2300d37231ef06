/** The file's name, with a number where the library has that name already. */
export function freeName(wanted: string, media: readonly { readonly name: string }[]): string {
  const taken = new Set(media.map(({ name }) => name));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) if (!taken.has(`${wanted} (${number})`)) return `${wanted} (${number})`;
}
