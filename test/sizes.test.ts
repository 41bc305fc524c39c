import { expect, test } from 'vitest';
import { imageSize } from '../docker/image-size.ts';
import {
  here,
  imageGrowth,
  packageGrowth,
  type RecordedSizes,
  sizeTables,
} from '../scripts/packages/recorded-sizes.ts';

const size = { packed: 100_000, unpacked: 1_000_000, dependencies: 2, installed: 5_000_000 };
const recorded: RecordedSizes = {
  platform: here,
  packages: { '@aries-data/one': size },
  images: { 'aries-one': { on: 'aries-data', layers: [{ made: 'connector', bytes: 1_000_000 }] } },
};

test.each([
  ['as recorded', {}, []],
  ['within the tolerance', { packed: 120_000, unpacked: 1_099_000 }, []],
  ['smaller', { packed: 1, unpacked: 1, installed: 1 }, []],
  [
    'packed',
    { packed: 121_000 },
    ['@aries-data/one, packed, has grown from 100 kB to 121 kB: 21 %, where 10 % are allowed.'],
  ],
  [
    'its dependencies',
    { installed: 6_000_000 },
    ['@aries-data/one with its dependencies has grown from 5.0 MB to 6.0 MB: 20 %, where 10 % are allowed.'],
  ],
])('growth of a package: %s', (_, changed, growth) => {
  expect(packageGrowth(recorded, { '@aries-data/one': { ...size, ...changed } })).toEqual(growth);
});

test('packages come and go with the record', () => {
  expect(packageGrowth(recorded, { '@aries-data/two': size })).toEqual([
    '@aries-data/one has a recorded size, but is no longer a package.',
    '@aries-data/two has no recorded size.',
  ]);
});

test('dependencies are compared on the platform of the record alone', () => {
  const elsewhere = { ...recorded, platform: 'another' };
  expect(packageGrowth(elsewhere, { '@aries-data/one': { ...size, installed: 9_000_000 } })).toEqual([]);
});

test('growth of an image: what it adds to the one below counts', () => {
  const below = [entry('COPY dir:1 in /opt/aries ', 7_000_000), entry('CMD ["node"]', 0)].join('\n');
  const links = entry('/bin/sh -c ln -s /opt/aries/bin/install-connector.ts /usr/local/bin/aries-install', 300);
  const history = [links, entry('/bin/sh -c aries-install', 400_000), entry('COPY dir:2 in . ', 800_000), below].join(
    '\n',
  );
  const measured = imageSize('aries-data', history, below);
  expect(measured).toEqual({
    on: 'aries-data',
    layers: [
      { made: 'connector', bytes: 800_000 },
      { made: 'dependencies and compile cache', bytes: 400_000 },
      { made: 'other', bytes: 300 },
    ],
  });
  expect(imageGrowth(recorded, { 'aries-one': measured })).toEqual([
    'The image aries-one has grown from 1.0 MB to 1.2 MB: 20 %, where 10 % are allowed.',
  ]);
  expect(imageGrowth(recorded, recorded.images)).toEqual([]);
});

function entry(CreatedBy: string, bytes: number): string {
  return JSON.stringify({ CreatedBy, Size: String(bytes) });
}

test('the tables are for people', () => {
  expect(sizeTables({ ...recorded, platform: 'linux-x64' })).toMatchInlineSnapshot(`
    "| package | packed | unpacked | dependencies | with them (linux-x64) |
    |---|---|---|---|---|
    | @aries-data/one | 100 kB | 1.0 MB | 2 | 5.0 MB |

    | image | on top of | layers | together |
    |---|---|---|---|
    | aries-one | aries-data | connector 1.0 MB | 1.0 MB |"
  `);
});
