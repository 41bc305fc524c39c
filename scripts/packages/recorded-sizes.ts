import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from '../docs/markdown.ts';
import type { PackageSize } from './package-sizes.ts';

/** The layers that an image adds to its base, in bytes. */
export interface ImageSize {
  /** The base image: `aries-data` for a connector. */
  on: string;
  /** Its own layers, from the lowest. */
  layers: { made: string; bytes: number }[];
}

/** `bench/sizes.json`: the sizes that docs/performance.md shows, and that a check compares with. */
export interface RecordedSizes {
  /** The platform of the measurement; some dependencies have binaries for each platform. */
  platform: string;
  packages: Record<string, PackageSize>;
  images: Record<string, ImageSize>;
}

/** A size may grow by a tenth, and by 20 kB in any case, before the check asks for a new record. */
const TOLERANCE = { share: 0.1, bytes: 20_000 };
const FILE = 'bench/sizes.json';

/** This machine, as `platform` names it. */
export const here = `${process.platform}-${process.arch}`;

/** Reads the recorded sizes. */
export function recordedSizes(root: string): RecordedSizes {
  return JSON.parse(readFileSync(join(root, FILE), 'utf8')) as RecordedSizes;
}

/** Replaces recorded sizes; a kind that is left out stays as it is. */
export function recordSizes(root: string, sizes: Partial<Pick<RecordedSizes, 'packages' | 'images'>>): void {
  const recorded = { ...recordedSizes(root), platform: here, ...sizes };
  writeFileSync(join(root, FILE), `${JSON.stringify(recorded, null, 2)}\n`);
}

/** Lists packages that grew by more than the tolerance, are new or are gone, in one sentence each. */
export function packageGrowth(recorded: RecordedSizes, measured: Record<string, PackageSize>): string[] {
  const names = [...new Set([...Object.keys(recorded.packages), ...Object.keys(measured)])].sort();
  return names.flatMap((name) => {
    const [before, now] = [recorded.packages[name], measured[name]];
    if (before === undefined) return [`${name} has no recorded size.`];
    if (now === undefined) return [`${name} has a recorded size, but is no longer a package.`];
    return [
      growth(`${name}, packed,`, before.packed, now.packed),
      growth(`${name}, unpacked,`, before.unpacked, now.unpacked),
      recorded.platform === here ? growth(`${name} with its dependencies`, before.installed, now.installed) : undefined,
    ].filter((one) => one !== undefined);
  });
}

/** Lists images that add more to their base than the tolerance allows, in one sentence each. */
export function imageGrowth(recorded: RecordedSizes, measured: Record<string, ImageSize>): string[] {
  return Object.entries(measured).flatMap(([name, image]) => {
    const before = recorded.images[name];
    if (before === undefined) return [`The image ${name} has no recorded size.`];
    const grown = growth(`The image ${name}`, added(before), added(image));
    return grown === undefined ? [] : [grown];
  });
}

function growth(what: string, before: number, now: number): string | undefined {
  if (now <= before + Math.max(before * TOLERANCE.share, TOLERANCE.bytes)) return undefined;
  const percent = Math.round((now / before - 1) * 100);
  return `${what} has grown from ${readable(before)} to ${readable(now)}: ${percent} %, where ${TOLERANCE.share * 100} % are allowed.`;
}

const added = ({ layers }: ImageSize) => layers.reduce((sum, { bytes }) => sum + bytes, 0);

/** Writes the table of packages. */
export function packageTable(packages: Record<string, PackageSize>, platform = here): string {
  const rows = Object.entries(packages).map(([name, size]) => [
    name,
    readable(size.packed),
    readable(size.unpacked),
    String(size.dependencies),
    readable(size.installed),
  ]);
  return markdownTable(['package', 'packed', 'unpacked', 'dependencies', `with them (${platform})`], rows);
}

/** Writes the table of images: each layer that an image adds, from the lowest. */
export function imageTable(images: Record<string, ImageSize>): string {
  const rows = Object.entries(images).map(([name, image]) => [
    name,
    image.on,
    image.layers.map(({ made, bytes }) => `${made} ${readable(bytes)}`).join(', '),
    readable(added(image)),
  ]);
  return markdownTable(['image', 'on top of', 'layers', 'together'], rows);
}

/** Writes the tables of sizes in docs/performance.md. */
export function sizeTables({ platform, packages, images }: RecordedSizes): string {
  return `${packageTable(packages, platform)}\n\n${imageTable(images)}`;
}

/** Such as `508 kB` or `12.3 MB`. */
function readable(bytes: number): string {
  if (bytes >= 1_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return bytes >= 10_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1000).toFixed(1)} kB`;
}
