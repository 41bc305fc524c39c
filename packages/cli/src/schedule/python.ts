/** Formats a value as Python; a dict or list that is too long for one line gets a line for each member. */
export function python(value: unknown, indent = ''): string {
  const line = onOneLine(value);
  if (line.length + indent.length <= 96 || typeof value !== 'object' || value === null) return line;
  const inner = `${indent}    `;
  const lines = Array.isArray(value)
    ? value.map((item) => `${inner}${python(item, inner)},\n`)
    : Object.entries(value).map(([key, item]) => `${inner}${text(key)}: ${python(item, inner)},\n`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join('')}${indent}${close}`;
}

/** A Python expression in the place of a value. */
export class PythonCode {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

function onOneLine(value: unknown): string {
  if (value instanceof PythonCode) return value.code;
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${text(key)}: ${onOneLine(item)}`)
    .join(', ')}}`;
}

// A JSON string is also a Python string, except for lone surrogates, which a UTF-8 file cannot hold.
function text(value: string): string {
  return JSON.stringify(value.toWellFormed());
}
