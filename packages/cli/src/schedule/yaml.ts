import { stringify } from 'yaml';

/** A manifest as YAML: each thing written out where it stands, each value on one line. */
export function yaml(manifest: object): string {
  return stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 });
}
