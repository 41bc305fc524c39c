/**
 * Releases the packages: builds and packs them, checks the tarballs, installs them in an empty folder and runs the command from there,
 * writes SBOMs, and publishes what npm lacks. `--dry-run` does everything but publish. The tarballs and SBOMs stay in `release/`.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { archiveFaults } from './packages/archive-faults.ts';
import { buildAndPack } from './packages/archives.ts';
import { writeBillsOfMaterials } from './packages/bills-of-materials.ts';
import { packageSizes } from './packages/package-sizes.ts';
import { publicPackages } from './packages/public-packages.ts';
import { publish, whyNotPublish } from './packages/publish.ts';
import { packageTable } from './packages/recorded-sizes.ts';
import { tryOut } from './packages/try-out.ts';

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });

const refusal = values['dry-run'] ? undefined : whyNotPublish(publicPackages(root), process.env);
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(1);
}
await release(join(root, 'release'));

async function release(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const packed = join(folder, 'packages');
  mkdirSync(packed, { recursive: true });

  const archives = buildAndPack(root, packed);
  console.log(`Packed ${archives.length} packages into release/packages.`);

  const faults = await archiveFaults(archives);
  if (faults.length > 0) fail(faults.join('\n'));
  console.log('publint and attw found no faults.');

  tryOut(archives);
  console.log('aries --version and aries extract work when installed in an empty folder.');

  const bills = await writeBillsOfMaterials(root, archives, join(folder, 'sbom'));
  console.log(`Wrote ${bills.length} SBOMs into release/sbom, all valid against the CycloneDX schema.`);

  console.log(`\n${packageTable(packageSizes(root, archives))}\n`);
  if (values['dry-run']) console.log('Nothing was published: this was a dry run.');
  else publish(root, archives);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
