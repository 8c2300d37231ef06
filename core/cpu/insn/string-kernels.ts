import { OPV } from '../../wasm/index.ts';
import type { Kernel, KernelBuilder } from './kernel.ts';
import type { Value, Width } from './value.ts';

const VECTOR_BYTES = 16;
const TAIL: readonly Width[] = [64, 32, 16, 8];

/** Runs `move` for pieces that add up to `bytes`, from low addresses to high, with the offset and width of each. */
function eachPiece(k: KernelBuilder, bytes: Value, move: (offset: Value, width: Width) => void): void {
  const at = k.variable(k.const(32, 0));
  const vectors = k.let(k.and(bytes, k.const(32, -VECTOR_BYTES)));
  k.if(k.nonZero(vectors), () =>
    k.loop(() => {
      move(k.get(at), 128);
      k.set(at, k.add(k.get(at), k.const(32, VECTOR_BYTES)));
      return k.ltU(k.get(at), vectors);
    }),
  );
  for (const width of TAIL)
    k.if(k.nonZero(k.and(bytes, k.const(32, width / 8))), () => {
      move(k.get(at), width);
      k.set(at, k.add(k.get(at), k.const(32, width / 8)));
    });
}

/** Copies upwards: what overlaps by VECTOR_BYTES or more comes out as if it were copied byte by byte. */
const copyUp: Kernel = {
  params: [32, 32, 32],
  results: [],
  emit: (k, to, from, bytes) => {
    eachPiece(k, bytes, (offset, width) => k.store(k.add(to, offset), k.load(width, k.add(from, offset))));
    k.return();
  },
};

/** `pattern`: the element, repeated to 64 bits. */
const fillUp: Kernel = {
  params: [32, 64, 32],
  results: [],
  emit: (k, to, pattern, bytes) => {
    const vector = k.let(k.vector(OPV.i64x2Splat, pattern));
    eachPiece(k, bytes, (offset, width) =>
      k.store(k.add(to, offset), width === 128 ? vector : k.trunc(pattern, width)),
    );
    k.return();
  },
};

/** The least distance of `to` above `from` that `copyUp` can be used with. */
export const COPY_DISTANCE = VECTOR_BYTES;
export const STRING_KERNELS = { copyUp, fillUp };
