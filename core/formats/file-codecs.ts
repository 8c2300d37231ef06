import {
  constants,
  deflateRawSync,
  deflateSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { CodecError, type Codecs } from '../backends/index.ts';

/** The codecs of Node's zlib. */
export const nodeCodecs: Codecs = {
  inflate: (data, wrapper, maxBytes) =>
    decode(() => (wrapper === 'raw' ? inflateRawSync : inflateSync)(data, { maxOutputLength: maxBytes })),
  deflate: (data, wrapper, windowBits) => (wrapper === 'raw' ? deflateRawSync : deflateSync)(data, { windowBits }),
  unzstd: (data, maxBytes) =>
    decode(() =>
      zstdDecompressSync(data, {
        maxOutputLength: maxBytes,
        // A frame may claim a window of terabytes; none that holds a cluster needs more than 8 MiB.
        params: { [constants.ZSTD_d_windowLogMax]: 23 },
      }),
    ),
  zstd: (data) => zstdCompressSync(data),
};

function decode(action: () => Uint8Array): Uint8Array {
  try {
    return action();
  } catch (error) {
    throw new CodecError((error as Error).message);
  }
}
