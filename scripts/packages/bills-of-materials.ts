import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validation } from '@cyclonedx/cyclonedx-library';
import type { PublicPackage } from './public-packages.ts';

/** The parts of a CycloneDX document that are read and changed here: https://cyclonedx.org/docs/1.7/json/ */
interface Bill {
  specVersion: string;
  metadata: { component: { 'bom-ref': string } };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

interface Component {
  'bom-ref': string;
  purl: string;
}

/**
 * Writes what each package is made of (SBOM, CycloneDX) into a folder: what pnpm-lock.yaml names for production, and what the build has
 * put into its bundle. Returns the names of the files.
 */
export async function writeBillsOfMaterials(
  root: string,
  packages: readonly PublicPackage[],
  into: string,
): Promise<string[]> {
  mkdirSync(into, { recursive: true });
  const names: string[] = [];
  for (const { name, folder } of packages) {
    const bill = billOf(join(root, folder), '--prod');
    addBundled(bill, join(root, folder));
    const file = `${fileNameOf(name)}.cdx.json`;
    const text = `${JSON.stringify(bill, null, 2)}\n`;
    const faults = await billFaults(text);
    if (faults.length > 0) throw new Error(`The SBOM of ${name} is not CycloneDX: ${faults.join('; ')}`);
    writeFileSync(join(into, file), text);
    names.push(file);
  }
  return names;
}

/** Validates an SBOM against the schema of its version. */
export async function billFaults(text: string): Promise<string[]> {
  const { specVersion } = JSON.parse(text) as Bill;
  const faults = await new Validation.JsonStrictValidator(specVersion as never).validate(text);
  return ((faults ?? []) as { instancePath: string; message: string }[]).map(
    ({ instancePath, message }) => `${instancePath} ${message}`,
  );
}

/** Returns the name of a package in file names: `aries-data-sdk` for `@aries-data/sdk`. */
export function fileNameOf(name: string): string {
  return name.replace('@', '').replace('/', '-');
}

function billOf(folder: string, which: '--prod' | '--dev'): Bill {
  const temporary = mkdtempSync(join(tmpdir(), 'aries-sbom-'));
  try {
    const out = join(temporary, 'sbom.json');
    const args = ['--silent', 'sbom', '--sbom-format', 'cyclonedx', which, '--filter', '.', '--out', out];
    execFileSync('pnpm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse(readFileSync(out, 'utf8')) as Bill;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Bundled code comes from packages that are for development as far as pnpm knows: they are in the tarball all the same. */
function addBundled(bill: Bill, folder: string): void {
  const list = join(folder, 'dist/bundled.json');
  if (!existsSync(list)) return;
  const bundled = new Set(
    (JSON.parse(readFileSync(list, 'utf8')) as { name: string; version: string }[]).map(
      ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ),
  );
  const known = new Set(bill.components.map(({ purl }) => purl));
  const development = billOf(folder, '--dev');
  const added = development.components.filter(({ purl }) => bundled.has(purl) && !known.has(purl));
  bill.components.push(...added);
  const present = new Set(bill.components.map((component) => component['bom-ref']));
  const root = bill.metadata.component['bom-ref'];
  for (const { 'bom-ref': ref } of added) {
    const { dependsOn = [] } = development.dependencies.find((one) => one.ref === ref) ?? {};
    bill.dependencies.push({ ref, dependsOn: dependsOn.filter((one) => present.has(one)) });
  }
  // The package depends on all that it carries.
  const own = bill.dependencies.find(({ ref }) => ref === root);
  const carried = added.map((component) => component['bom-ref']);
  if (own === undefined) bill.dependencies.push({ ref: root, dependsOn: carried });
  else own.dependsOn = [...new Set([...(own.dependsOn ?? []), ...carried])];
  const missing = [...bundled].filter((purl) => !bill.components.some((component) => component.purl === purl));
  if (missing.length > 0)
    throw new Error(`The bundle of ${folder} holds what pnpm-lock.yaml lacks: ${missing.join(', ')}`);
}
