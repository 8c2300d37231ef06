import { describe, expect, test } from 'vitest';
import { unxz } from './unxz.ts';

/** `xz --check=crc32 --x86 --lzma2=preset=9e` of what `code` makes. */
const PACKED = Buffer.from(
  '/Td6WFoAAAFpIt42AgEEACEBHACHbtrl4Ae+AtxdAHSNWw/8Z6NHLQwBiQlIVmsGYrkH0hAlfWtXLgpUCwpuLIZG43s2splqhBn6iqtIcNOIey' +
    'wd5j4WitmWmSmhUxWQ3KDBkIoyW6OfSrdqcA5d0ZThoi3vyymFSxOqKvhsgY74clAth/YbJltOL1xsQHkXra6eaGhqNAAAUBEk3nPd25hAFbBS' +
    'fu+IO5cqXAVIhwjRVWwU5I3Ga/FF/cvGf4SshAw8n9CQ/ihvLq4BB7pjEKGFER8MdFqbnaWLdIfPXQqkqjhTQY8pH6OQ2BNRzuf6JvBOjAS3ve' +
    'VZ8FIkw48NGEv9GIbqw3hpg3wd254aKNWIeMXCyUDIvlsRsWepvlacpq41caXy1Xq2hj49jNgL6nBaiJjBrrnf/psFvFdAOjOMGwBKKA43kSrR' +
    'nJBo6mPhxAJw7AHg+Z9LmhxCz20oj45UOZlG9TlcfavqiACQmXqweyNdTDC/LWvqDysfKzSNLeO/caMjCYFy/9v9ryRfGf1/hN4PyP5Kv+Z2+w' +
    'hWvGWU11U/CICYfvj56cyJV6IavCggs527fNQYfTtWuewUXaSWJlKqstOe6IQ10I+BHNg9/2heaiBLUsdGIG+Lb11cxK0g6idVhwNunYfOzMX+' +
    'uktJJ7WXjvtfOOLMrznfm7CsxzKbdkAiNa2jWehjgBsz119q063nQVU5jDhvxdgGrR67rs4g9g06NpEfUWIV2nMHSKJksXS3GN4jpChL+SFkaM' +
    'Ae1r4I4jAX7wuUNTNUnCA6UnWauThHnxjL1YZdkA8m9PQDRhe6Ewow1gUZfHK3GvUojJkDmBHJCT008LU5/6KyZe18uMXBRcKwRQiM7SQ5S9uC' +
    'LeK7ufpn6hzNSzCNh/ESLEJOAONZlVGV2XXXo4v7RR0nsCV3PxF3QqTZDcipMXskTAPB5mn2/n+Z5Do4pJdBz+fjQWsgto+sphDlng6nGU7suf' +
    'Zcjpei8tbA8Mqr9BKCXWyxPwoQogDr2twnAAH0Bb8PAABTGfvLPjANiwIAAAAAAVla',
  'base64',
);

/** Calls and jumps to near addresses, and bytes that look like them. */
function code(): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < 200; i++) {
    const distance = ((i * 37) % 4096) - 2000;
    bytes.push(i % 3 ? 0xe8 : 0xe9, ...[0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff), 0x55, 0x89, 0xe5, i);
  }
  const odd = 'e8e800000000ffe91200e83456ffffffffe801020304';
  for (let i = 0; i < 8; i++) bytes.push(...Buffer.from(odd, 'hex'));
  bytes.push(...Buffer.from('the end'));
  return Uint8Array.from(bytes);
}

describe('xz of a kernel', () => {
  test('is unpacked, with its filter for x86 code', async () => {
    const wanted = code();
    expect(Buffer.compare(await unxz(PACKED, wanted.length), wanted)).toBe(0);
  });

  test('cut anywhere or of another size is refused; with any byte flipped it is, or the output is right', async () => {
    const wanted = code();
    const flipped = [...PACKED.keys()].map((at) => PACKED.with(at, PACKED[at] ^ 0x10));
    const cut = [0, 12, 20, 24, 100, PACKED.length - 1].map((bytes) => PACKED.subarray(0, bytes));
    const outcomesOf = (files: readonly Uint8Array[], length: number): Promise<PromiseSettledResult<Uint8Array>[]> =>
      Promise.allSettled(files.map((file) => unxz(file, length)));
    const refused = [
      ...(await outcomesOf(cut, wanted.length)),
      ...(await outcomesOf([PACKED], wanted.length - 1)),
      ...(await outcomesOf([PACKED], wanted.length + 1)),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'));

    const read = (await outcomesOf(flipped, wanted.length)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    // Padding and what the library does not look at.
    expect(read.length).toBeLessThan(40);
    for (const bytes of read) expect(Buffer.compare(bytes, wanted)).toBe(0);
  });
});
