/** An identifier, quoted. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** What DuckDB compares names by: it ignores case, but only that of A to Z. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Whether a name can be kept as it is. */
export function isName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !name.includes('\0');
}
