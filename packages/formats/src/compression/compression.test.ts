import { once } from 'node:events';
import { Readable } from 'node:stream';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Compression } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compress, decompress } from './compression.ts';
import { createCompressor } from './compressor.ts';

const COMPRESSED = ['zst', 'gz'] as const;
const ONE_MEMBER = { zst: (bytes: Buffer) => zstdCompressSync(bytes), gz: (bytes: Buffer) => gzipSync(bytes) };

function pieces(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

function readable(chunks: Buffer[]): Readable {
  return Readable.from(
    chunks.filter((chunk) => chunk.length > 0),
    { objectMode: false },
  );
}

async function decompressed(compression: Compression, ...chunks: Buffer[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(decompress(readable(chunks), compression)));
}

const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) => Buffer.alloc(length, byte)),
);
const options = fc.record({
  memberBytes: fc.constantFrom(1, 7, 1000, 65_536),
  inFlight: fc.integer({ min: 1, max: 4 }),
});

test.each<Compression>(['zst', 'gz', 'none'])('%s: what goes in comes out', async (compression) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { maxLength: 4 }),
      options,
      fc.array(fc.nat(), { maxLength: 4 }),
      async (chunks, sizes, cuts) => {
        const input = Buffer.concat(chunks).subarray(0, sizes.memberBytes * 40);
        const output = Buffer.concat(
          await Array.fromAsync(compress(Readable.from(pieces(input, cuts)), compression, sizes)),
        );
        expect((await decompressed(compression, ...pieces(output, cuts))).equals(input)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test.each(COMPRESSED)('%s: all members are read, however they arrive', async (compression) => {
  const [a, b] = [Buffer.alloc(100_000, 'ab'), Buffer.from('hello'.repeat(30_000))];
  const [first, second] = [ONE_MEMBER[compression](a), ONE_MEMBER[compression](b)];
  const both = Buffer.concat([first, second]);
  const whole = Buffer.concat([a, b]);
  expect((await decompressed(compression, both)).equals(whole)).toBe(true);
  expect((await decompressed(compression, first, second)).equals(whole)).toBe(true);
  expect((await decompressed(compression, ...pieces(both, [...both.keys()]))).equals(whole)).toBe(true);
});

test.each(COMPRESSED)('%s: output that fills the buffers of the decoder exactly', async (compression) => {
  for (const bytes of [65_536, 2 * 65_536, 16 * 65_536]) {
    const member = ONE_MEMBER[compression](Buffer.alloc(bytes, 'x'));
    expect((await decompressed(compression, member, member)).length).toBe(2 * bytes);
  }
});

test.each(COMPRESSED)('%s: fails if truncated anywhere but between members', async (compression) => {
  const first = ONE_MEMBER[compression](Buffer.from('hello'.repeat(1000)));
  const both = Buffer.concat([first, ONE_MEMBER[compression](Buffer.from('world'.repeat(10)))]);
  for (let end = 0; end < both.length; end++) {
    if (end === first.length) continue;
    await expect(
      decompressed(compression, both.subarray(0, end)),
      `${end} of ${both.length} bytes`,
    ).rejects.toMatchObject({
      code: 'DATASET_CORRUPT',
    });
  }
});

test.each(COMPRESSED)(
  '%s: whatever follows or is damaged fails, with the code that was asked for',
  async (compression) => {
    const member = ONE_MEMBER[compression](Buffer.from('hello'.repeat(1000)));
    for (const rest of [Buffer.alloc(8), Buffer.from('garbage'), Buffer.from([0])]) {
      await expect(decompressed(compression, member, rest, member)).rejects.toThrow(/^the (zst|gz) data is damaged: /);
      await expect(decompressed(compression, Buffer.concat([member, rest]))).rejects.toThrow(/damaged/);
    }
    const damaged = decompress(readable([Buffer.from('no such thing')]), compression, 'DATA_INVALID');
    await expect(Array.fromAsync(damaged)).rejects.toMatchObject({ code: 'DATA_INVALID', kind: 'data' });
  },
);

test('zst: frames with a checksum, without a size, of raw and repeated bytes, and skippable ones', async () => {
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251));
  const checked = zstdCompressSync(noise, {
    params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_contentSizeFlag]: 0 },
  });
  const repeated = zstdCompressSync(Buffer.alloc(1_000_000));
  const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')]);
  const empty = zstdCompressSync(Buffer.alloc(0));
  const all = Buffer.concat([skippable, checked, empty, skippable, repeated, empty]);
  const expected = Buffer.concat([noise, Buffer.alloc(1_000_000)]);
  expect((await decompressed('zst', all)).equals(expected)).toBe(true);
  expect((await decompressed('zst', ...pieces(all, [...all.keys()]))).equals(expected)).toBe(true);
});

test.each(COMPRESSED)('%s: no input is still a valid stream', async (compression) => {
  const output = Buffer.concat(await Array.fromAsync(compress(Readable.from([]), compression)));
  expect(output.length).toBeGreaterThan(0);
  expect((await decompressed(compression, output)).length).toBe(0);
});

test('an error of the body is passed on unchanged, and stopping early closes the body', async () => {
  const member = zstdCompressSync(Buffer.alloc(10_000_000, 'x'));
  const failure = new Error('connection lost');
  const failing = Readable.from(
    (async function* () {
      yield member.subarray(0, 20);
      throw failure;
    })(),
    { objectMode: false },
  );
  await expect(Array.fromAsync(decompress(failing, 'zst'))).rejects.toBe(failure);

  const body = readable([member]);
  for await (const _ of decompress(body, 'zst')) break;
  expect(body.destroyed).toBe(true);

  const silent = new Readable({ read() {} });
  silent.push(member.subarray(0, 20));
  const output = decompress(silent, 'zst');
  output.resume();
  await new Promise((resolve) => setTimeout(resolve, 10));
  output.destroy();
  await once(silent, 'close');
});

test('a compressor waits for its reader and counts bytes', async () => {
  const compressor = createCompressor('zst', { memberBytes: 1000, inFlight: 2 });
  let pushed = 0;
  const pushing = (async () => {
    for (; pushed < 20; pushed++) await compressor.push(Buffer.alloc(1000));
    await compressor.end();
  })();
  await expect.poll(() => pushed).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(pushed).toBe(2);
  const output = Buffer.concat(await Array.fromAsync(compressor.output));
  await pushing;
  expect([compressor.bytesIn, compressor.bytesOut]).toEqual([20_000, output.length]);
});

test('pushed bytes may be changed afterwards', async () => {
  const compressor = createCompressor('none', { memberBytes: 4 });
  const bytes = Buffer.from('ab');
  const output = Array.fromAsync(compressor.output);
  await compressor.push(bytes);
  bytes.fill('x');
  await compressor.push(bytes);
  await compressor.push(bytes);
  await compressor.end();
  expect(Buffer.concat(await output).toString()).toBe('abxxxx');
});

test('aborting rejects pending calls on both sides', async () => {
  const stuck = createCompressor('zst', { memberBytes: 10, inFlight: 1 });
  const pushing = stuck.push(Buffer.alloc(100));
  stuck.abort(new Error('the store is gone'));
  await expect(pushing).rejects.toThrow('the store is gone');
  await expect(stuck.end()).rejects.toThrow('the store is gone');
  await expect(Array.fromAsync(stuck.output)).rejects.toThrow('the store is gone');

  const waiting = createCompressor('zst');
  const reading = Array.fromAsync(waiting.output);
  waiting.abort(new Error('the source is gone'));
  await expect(reading).rejects.toThrow('the source is gone');

  const abandoned = createCompressor('zst', { memberBytes: 10, inFlight: 1 });
  const feeding = abandoned.push(Buffer.alloc(100));
  for await (const _ of abandoned.output) break;
  await expect(feeding).rejects.toThrow('the compressed bytes were not read to their end');
});

test('an error of the source fails the compressed stream', async () => {
  async function* source() {
    yield Buffer.from('a');
    throw new Error('the source is gone');
  }
  await expect(Array.fromAsync(compress(source(), 'zst'))).rejects.toThrow('the source is gone');
});

test('gz: zeros after the end of a file are padding, anything else is an error', async () => {
  const file = gzipSync(Buffer.from('hello'));
  const unpadded = (code: 'DATA_INVALID' | 'DATASET_CORRUPT', ...chunks: Buffer[]) =>
    Array.fromAsync(decompress(readable(chunks), 'gz', code)).then((all) => Buffer.concat(all).toString());
  for (const zeros of [1, 7, 512, 200_000]) {
    expect(await unpadded('DATA_INVALID', Buffer.concat([file, Buffer.alloc(zeros)]))).toBe('hello');
    expect(await unpadded('DATA_INVALID', file, Buffer.alloc(zeros), Buffer.alloc(3))).toBe('hello');
    await expect(unpadded('DATASET_CORRUPT', file, Buffer.alloc(zeros))).rejects.toThrow(
      'there is more data after its end',
    );
    for (const rest of [Buffer.from('x'), file, Buffer.from([0, 0, 1])]) {
      await expect(unpadded('DATA_INVALID', file, Buffer.alloc(zeros), rest)).rejects.toThrow(
        'there is more data after its end',
      );
    }
  }
  await expect(unpadded('DATA_INVALID', Buffer.concat([file, Buffer.from('garbage')]))).rejects.toThrow(/damaged/);
  expect(await unpadded('DATA_INVALID', file, file)).toBe('hellohello');
});
