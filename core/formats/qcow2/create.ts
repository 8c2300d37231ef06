import type { ByteFile } from '../../backends/index.ts';
import type { CreateOptions } from '../disk-image.ts';
import { imageError } from '../failure.ts';
import { INCOMPATIBLE, L1_BYTES_MAX, backingNameFits, encodeHeader, l2Coverage } from './layout.ts';
import { bigEndian64 } from './refcounts.ts';

const CLUSTER_BYTES = 65536;
const REFCOUNT_BITS = 16;

/** Header, refcount table, one refcount block and the L1 table, in this order; the rest grows as it is needed. */
export function layOut(file: ByteFile, options: CreateOptions): void {
  const { sizeBytes, variant, clusterBytes = CLUSTER_BYTES, compression = 'none', parent } = options;
  const version = variant === 'v2' ? 2 : 3;
  const clusterBits = Math.log2(clusterBytes);
  if (!Number.isInteger(clusterBits) || clusterBits < 9 || clusterBits > 21)
    throw imageError('image.unsupported', { file }, `clusters cannot have ${clusterBytes} bytes`, 'use 512 to 2097152');
  if (version === 2 && compression === 'zstd')
    throw imageError('image.unsupported', { file }, 'version 2 has no zstd', 'use version 3, or zlib');
  if (parent && !backingNameFits(parent.reference, clusterBytes))
    throw imageError('image.unsupported', { file }, "the parent's name is too long", 'use a shorter one');
  const l1Size = Math.ceil(sizeBytes / l2Coverage(clusterBytes));
  if (l1Size * 8 > L1_BYTES_MAX)
    throw imageError('image.size', { file }, `${sizeBytes} bytes are too many`, 'use larger clusters');

  const perBlock = (clusterBytes * 8) / REFCOUNT_BITS;
  const l1Clusters = Math.ceil((l1Size * 8) / clusterBytes);
  // Few and small clusters may need more than one block for the L1 table alone.
  let blocks = 1;
  while (blocks * perBlock < 2 + blocks + l1Clusters) blocks++;
  if (blocks * 8 > clusterBytes)
    throw imageError('image.size', { file }, `${sizeBytes} bytes are too many`, 'use larger clusters');
  const used = 2 + blocks + l1Clusters;
  const counts = new DataView(new ArrayBuffer(blocks * clusterBytes));
  for (let cluster = 0; cluster < used; cluster++) counts.setUint16(cluster * 2, 1);

  file.truncate(used * clusterBytes);
  for (let i = 0; i < blocks; i++) file.write(clusterBytes + i * 8, bigEndian64((2 + i) * clusterBytes));
  file.write(2 * clusterBytes, new Uint8Array(counts.buffer));
  file.write(
    0,
    encodeHeader({
      version,
      clusterBits,
      clusterBytes,
      sizeBytes,
      l1Size,
      l1Offset: (2 + blocks) * clusterBytes,
      refcountTableOffset: clusterBytes,
      refcountTableClusters: 1,
      refcountBits: REFCOUNT_BITS,
      compression: compression === 'zstd' ? 'zstd' : 'zlib',
      backing: parent && { reference: parent.reference, format: parent.image.format },
      incompatible: compression === 'zstd' ? 1n << BigInt(INCOMPATIBLE.compressionType) : 0n,
      compatible: 0n,
      autoclear: 0n,
    }),
  );
}
