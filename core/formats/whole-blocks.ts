/**
 * Numbers of the blocks that lie wholly in a range of a medium, which are what a discard can free. The medium's last
 * block may be shorter than the others.
 */
export function wholeBlocks(
  medium: { readonly sizeBytes: number },
  fromBytes: number,
  toBytes: number,
  blockBytes: number,
): readonly [from: number, to: number] {
  const to = toBytes === medium.sizeBytes ? Math.ceil(toBytes / blockBytes) : Math.floor(toBytes / blockBytes);
  return [Math.ceil(fromBytes / blockBytes), to];
}
