/** Quotes an identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Writes text as a SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Folds case as DuckDB does when it compares names: only A to Z. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** True if DuckDB can keep a name exactly. */
export function isName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !name.includes('\0');
}
