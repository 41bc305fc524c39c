import { stringify } from 'yaml';

/** Formats a manifest as YAML, without aliases and with each value on one line. */
export function yaml(manifest: object): string {
  return stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 });
}
